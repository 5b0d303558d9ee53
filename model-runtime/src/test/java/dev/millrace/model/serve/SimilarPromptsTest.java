package dev.millrace.model.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.model.base.FakeBaseModel;
import dev.millrace.model.cache.AnswerCache;
import dev.millrace.model.cache.DirectExecutor;
import dev.millrace.model.cache.ErrorBound;
import dev.millrace.model.cache.MapVectorStore;
import dev.millrace.model.cache.SemanticTier;
import dev.millrace.model.score.ColumnAligner;
import dev.millrace.model.swap.FakeReleases;
import dev.millrace.model.text.ByteTokenizer;
import dev.millrace.schema.Answer;
import dev.millrace.schema.Answer.From;
import dev.millrace.schema.Media;
import dev.millrace.schema.Modality;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.Request;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Prompts that are answered as similar ones were. */
class SimilarPromptsTest extends Responders {

  @Test
  void respond_similarPrompt_getsTheSameAnswerOnceThereIsEvidenceAndSaysSo() {
    Responder similar = similar();
    Answer given = untilSemantic(similar, null, null);
    Answer own = one(similar, asked("own", null, null, 900).toBuilder().exact(true).build());
    assertEquals("SEMANTIC", given.source());
    assertEquals(From.REDIS, given.from());
    assertTrue(given.similarity() > 0.9, "" + given.similarity());
    assertEquals(own.text(), given.text());
    assertEquals("MODEL", own.source());
    assertEquals(0, own.similarity());
  }

  @Test
  void respond_similarPrompts_countTheirOwnTokens() {
    Responder similar = similar();
    untilSemantic(similar, null, null);
    List<Answer> given = List.of();
    for (int i = 1000; given.stream().noneMatch(answer -> answer.similarity() > 0); i++) {
      Request longer = asked("longer", null, null, i);
      given = similar.respond(List.of(longer, longer, longer));
    }
    given.forEach(answer -> assertEquals(answer.bytes(), answer.promptTokens()));
  }

  @Test
  void respond_similarPrompt_itsAnswerIsNotKeptAsItsOwn() {
    Responder similar = similar();
    Answer given = untilSemantic(similar, null, null);
    int number = Integer.parseInt(given.request());
    List<String> sources = new ArrayList<>();
    for (int i = 0; i < 200 && !sources.contains("MODEL"); i++) {
      sources.add(one(similar, asked("again", null, null, number)).source());
      assertFalse(sources.contains("L1"));
    }
    assertEquals("MODEL", sources.get(sources.size() - 1), "it is explored at last");
    assertEquals("L1", one(similar, asked("known", null, null, number)).source());
  }

  @Test
  void respond_similarPrompts_onlyGreedyTextIsShared() {
    Responder similar = similar();
    untilSemantic(similar, null, null);
    for (int i = 500; i < 520; i++) {
      Request r = asked("q", null, null, i);
      assertEquals("MODEL", one(similar, r.toBuilder().exact(true).build()).source());
      assertEquals("MODEL", one(similar, score("s", null, r.prompt())).source());
      assertEquals("MODEL", one(similar, embed("e", null, r.prompt())).source());
      Request sampled = sampled(generate("d", null, r.prompt(), 4), 1, i);
      assertEquals("MODEL", one(similar, sampled).source());
      assertEquals("MODEL", one(similar, uncached(generate("u", null, r.prompt(), 4))).source());
      assertEquals("MODEL", one(similar, generate("p", null, r.prompt(), i - 495)).source());
    }
  }

  /** Neither after a swap nor for another tenant is what was said before of any use. */
  @Test
  void respond_similarPrompt_neverAcrossReleasesOrTenants() {
    swap(FakeReleases.event("acme", "java", Action.PUBLISH, 1));
    Responder similar = similar();
    assertEquals("bias-1", untilSemantic(similar, "acme", "java").release());
    untilSemantic(similar, "acme", null);
    for (int i = 700; i < 705; i++) { // the base answers both: the tenant alone keeps them apart
      assertEquals("MODEL", one(similar, asked("r" + i, "rival", null, i)).source());
    }
    swap(FakeReleases.event("acme", "java", Action.PUBLISH, 2));
    Answer after = one(similar, asked("a", "acme", "java", 700));
    assertEquals("MODEL", after.source());
    assertEquals("bias-2", after.release());
    Answer later = untilSemantic(similar, "acme", "java");
    assertEquals("bias-2", later.release());
    assertEquals(after.text(), later.text());
  }

  @Test
  void step_equalPromptsWithASimilarAnswer_allAreAnsweredByOneLookUpAndTheModelRunsOnceAtMost() {
    SemanticTier tier = tier();
    Responder similar = similar(tier);
    untilSemantic(similar, null, null);
    long lookups = tier.counts().lookups();
    long before = base.generated();
    List<Request> same = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      same.add(asked("q" + i, null, null, 900));
    }
    List<Answer> answers = similar.respond(same);
    assertEquals(1, answers.stream().map(Answer::text).distinct().count());
    assertTrue(base.generated() - before <= 4, "generated " + (base.generated() - before));
    assertEquals(1, tier.counts().lookups() - lookups);
    assertEquals(0, answers.stream().filter(a -> a.error() != null).count());
  }

  @Test
  void step_equalPromptsWithASimilarAnswer_whoAsksForItsOwnGetsIt() {
    Responder similar = similar();
    untilSemantic(similar, null, null);
    List<Answer> answers = List.of();
    for (int i = 500; answers.stream().noneMatch(a -> a.similarity() > 0); i++) {
      Request r = asked("a", null, null, i);
      answers =
          similar.respond(List.of(r, r.toBuilder().exact(true).build(), asked("b", null, null, i)));
    }
    assertEquals("SEMANTIC", answers.get(0).source());
    assertEquals(List.of(0.0, 0.0), answers.stream().skip(1).map(Answer::similarity).toList());
  }

  @Test
  void cancel_leaderHasASimilarAnswerForThoseWhoWait_theRestGetIt() throws Exception {
    Responder similar = similar();
    untilSemantic(similar, null, null);
    List<Answered> done = new ArrayList<>();
    for (long i = 0; i < 5; i++) {
      similar.submit(i, asked("q" + i, null, null, 900), 0);
    }
    similar.cancel(1, "cancelled: by c");
    while (done.size() < 5) {
      done.addAll(similar.step());
    }
    assertEquals(1, done.stream().filter(a -> a.answer().error() != null).count());
  }

  /** What was cut off is no answer of the model's; one of maxTokens tokens is. */
  @Test
  void cancel_whileGenerating_isNeitherKeptNorEvidence() throws Exception {
    SemanticTier tier = tier();
    Responder similar = similar(tier);
    one(similar, asked("a", null, null, 100));
    long before = base.generated();
    similar.submit(1, asked("b", null, null, 101), 0);
    while (base.generated() == before) {
      assertEquals(List.of(), similar.step());
    }
    similar.cancel(1, "cancelled: by c");
    assertEquals("cancelled: by c", similar.step().get(0).answer().error());
    assertEquals(1, tier.counts().near());
    assertEquals(0, tier.counts().checked());
    assertEquals("MODEL", one(similar, asked("c", null, null, 101)).source());
    assertEquals(1, tier.counts().checked());
  }

  @Test
  void respond_promptThatCannotBeEmbedded_isAnsweredForItself() {
    Responder similar = similar();
    String prompt = "what is " + (char) FakeBaseModel.UNPLACEABLE + "?";
    Answer answer = one(similar, generate("u", null, prompt, 4));
    assertNull(answer.error());
    assertEquals("MODEL", answer.source());
    assertError("model-failed: ", one(similar, embed("e", null, prompt)));
  }

  /** Its words alone are compared, and what is asked of a picture is not in them. */
  @Test
  void respond_similarPromptsBehindOnePicture_eachIsAnsweredForItself() {
    SemanticTier tier = tier();
    AnswerCache cache = AnswerCache.of(1 << 20, remote, SECRET, tier, new DirectExecutor());
    MediaReader encoders = new MediaReader(new ColumnAligner(base.id()));
    Responder seeing =
        Responder.of(parts(carriers(base, new ByteTokenizer()), live, cache, encoders), LIMITS, 5);
    opened.add(seeing);
    Media picture = new Media(Modality.IMAGE, ColumnAligner.picture(3));
    for (int i = 100; i < 110; i++) {
      Request shown = asked("p", null, null, i).toBuilder().media(picture).build();
      assertEquals("MODEL", one(seeing, shown).source());
    }
    assertEquals(0, tier.counts().lookups());
  }

  @Test
  void cancel_whileLookingForASimilarPrompt_leavesAndTheNextComputes() throws Exception {
    Responder similar = similar();
    similar.submit(1, asked("a", null, null, 1), 0);
    similar.submit(2, asked("b", null, null, 1), 0);
    similar.cancel(1, "cancelled: by c");
    List<Answered> done = new ArrayList<>();
    while (done.size() < 2) {
      done.addAll(similar.step());
    }
    assertEquals("cancelled: by c", done.get(0).answer().error());
    assertNull(done.get(1).answer().error());
  }

  /** A responder whose cache lets similar prompts share an answer after two right ones. */
  private Responder similar() {
    return similar(tier());
  }

  private static SemanticTier tier() {
    return SemanticTier.of(
        new MapVectorStore(1000), SECRET, new ErrorBound(0.9, 0.1, 1), new DirectExecutor());
  }

  private Responder similar(SemanticTier tier) {
    return responder(AnswerCache.of(1 << 20, remote, SECRET, tier, new DirectExecutor()));
  }

  /** Asks similar questions until one gets another's answer. */
  private static Answer untilSemantic(
      Responder similar, @Nullable String tenant, @Nullable String domain) {
    for (int i = 100; i < 400; i++) {
      Answer answer = one(similar, asked(String.valueOf(i), tenant, domain, i));
      assertNull(answer.error());
      if (answer.similarity() > 0) {
        return answer;
      }
    }
    throw new AssertionError("no similar question's answer was given");
  }

  /** Prompts that differ in a number of three digits and end alike. */
  private static Request asked(
      String id, @Nullable String tenant, @Nullable String domain, int number) {
    String prompt = "what is known of the number " + number + ", and of all that it stands for?";
    return of(tenant, generate(id, domain, prompt, 4));
  }
}
