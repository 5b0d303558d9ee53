package dev.millrace.model.serve;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.assign.KnownTexts;
import dev.millrace.model.assign.Profile;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.Decoding;
import dev.millrace.model.base.FakeBaseModel;
import dev.millrace.model.base.Foreground;
import dev.millrace.model.cache.AnswerCache;
import dev.millrace.model.cache.CacheKeys;
import dev.millrace.model.cache.DirectExecutor;
import dev.millrace.model.cache.ErrorBound;
import dev.millrace.model.cache.MapRemoteTier;
import dev.millrace.model.cache.MapVectorStore;
import dev.millrace.model.cache.SemanticTier;
import dev.millrace.model.score.ColumnAligner;
import dev.millrace.model.swap.Caller;
import dev.millrace.model.swap.FakeReleases;
import dev.millrace.model.swap.LiveReleases;
import dev.millrace.model.swap.NewBase;
import dev.millrace.model.swap.SwapConfig;
import dev.millrace.model.swap.SwapResult.Outcome;
import dev.millrace.model.text.ByteTokenizer;
import dev.millrace.model.text.Tokenizer;
import dev.millrace.schema.Answer;
import dev.millrace.schema.Answer.From;
import dev.millrace.schema.Chunk;
import dev.millrace.schema.Media;
import dev.millrace.schema.Modality;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.Request;
import dev.millrace.schema.Request.Task;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ResponderTest {

  private static final byte[] SECRET = new byte[16];
  private static final ServeLimits LIMITS = new ServeLimits(1000, 1000, 1000);
  private volatile long now = 1234;

  private final FakeBaseModel base = new FakeBaseModel();
  private final MapRemoteTier remote = new MapRemoteTier();
  private final FakeReleases source = new FakeReleases();
  private final LiveReleases live = LiveReleases.of(base, source, SwapConfig.defaults());
  private final List<Responder> opened = new ArrayList<>();
  private final Responder responder = responder();

  @AfterEach
  void everyLeaseIsGivenBack() {
    opened.forEach(Responder::close);
    live.close();
    assertEquals(0, base.openAdapters());
    assertEquals(List.of(), base.misuses());
  }

  @Test
  void respond_score_namesWhatAnswered() {
    swap(FakeReleases.published("java", 3));
    Answer answer = one(score("q", "java", "größer"));
    assertNull(answer.error());
    assertEquals("q", answer.request());
    assertEquals(7, answer.tokens());
    assertEquals(8, answer.bytes());
    assertEquals("bias-3", answer.release());
    assertEquals("fake-base", answer.base());
    assertEquals(List.of(new Origin("samples", 0, 42)), answer.learnedTo());
    assertEquals(From.MODEL, answer.from());
    assertEquals(5, answer.subtask());
    assertEquals(77, answer.releaseReadMillis());
    assertEquals(1234, answer.answeredMillis());
  }

  @Test
  void respond_domainWithoutRelease_isAnsweredByTheBase() {
    Answer byBase = one(score("q", "java", "prompt"));
    assertNull(byBase.error());
    assertNull(byBase.release());
    assertEquals(byBase.logProb(), one(score("q", null, "prompt")).logProb());
  }

  @Test
  void respond_auto_isAnsweredByTheDomainOfItsContentAndSaysWhich() throws IOException {
    swapWithProfile(FakeReleases.published("lower", 1), "abcdefghij");
    swapWithProfile(FakeReleases.published("upper", 2), "ABCDEFGHIJ");
    Answer lower = one(score("l", Request.AUTO, "bad cabbage"));
    Answer upper = one(score("u", Request.AUTO, "BAD CABBAGE"));
    Answer neither = one(score("n", Request.AUTO, "0123456789"));
    assertEquals(List.of("lower", "bias-1"), Arrays.asList(lower.domain(), lower.release()));
    assertEquals(List.of("upper", "bias-2"), Arrays.asList(upper.domain(), upper.release()));
    assertNull(neither.domain());
    assertNull(neither.release());
    assertNull(neither.error());
    Answer named = one(score("m", "lower", "bad cabbage"));
    assertEquals(From.L1, named.from(), "the same release gave it already");
    assertEquals(named.logProb(), lower.logProb());
  }

  @Test
  void respond_autoOfATenant_choosesAmongItsOwnAndSharedDomains() throws IOException {
    swapWithProfile(FakeReleases.event("acme", "own", Action.PUBLISH, 1), "abcdefghij");
    assertEquals("own", autoDomain("acme"));
    assertNull(autoDomain("rival"));
    assertNull(autoDomain(null));
    swapWithProfile(FakeReleases.event(null, "shared", Action.PUBLISH, 2), "abcdefgxyz");
    assertEquals("own", autoDomain("acme"));
    assertEquals("shared", autoDomain("rival"));
    swap(FakeReleases.event("acme", "shared", Action.PUBLISH, 3)); // has no profile
    assertEquals("own", autoDomain("acme"));
    assertEquals("shared", autoDomain("rival"));
  }

  @Test
  void respond_autoWithAPinnedRelease_isRefused() {
    swap(FakeReleases.published("java", 1));
    Request request = pinned(score("p", Request.AUTO, "prompt"), "bias-1");
    assertError("unknown-release: bias-1 of domain auto", one(request));
  }

  private @Nullable String autoDomain(@Nullable String tenant) {
    return one(uncached(of(tenant, score("t", Request.AUTO, "abcabc")))).domain();
  }

  private void swapWithProfile(ReleaseEvent event, String text) throws IOException {
    int[] tokens = new ByteTokenizer().encode(text.repeat(50));
    source.profile(event, Profile.empty().with(List.of(tokens), KnownTexts.of(List.of(), 256)));
    swap(event);
  }

  @Test
  void step_releaseIsNotInMemory_waitsWhileOthersAreAnswered() throws InterruptedException {
    CountDownLatch until = restoreCold("bias-1");
    swap(FakeReleases.published("python", 2));
    responder.submit(1, score("cold", "java", "prompt"));
    responder.submit(2, uncached(generate("cold too", "java", "prompt", 3)));
    responder.submit(3, score("hot", "python", "prompt"));
    assertEquals(List.of("hot"), ids(responder.step()));
    assertEquals(2, responder.fetching());
    responder.submit(4, uncached(generate("hot too", "python", "prompt", 2)));
    assertEquals(List.of("hot too"), ids(untilAnswered(responder, 1)));
    assertNull(responder.known(score("known", "java", "prompt"), Caller.NOBODY));
    until.countDown();
    List<Answered> answered = untilAnswered(responder, 2);
    answered.forEach(a -> assertNull(a.answer().error()));
    answered.forEach(a -> assertEquals("bias-1", a.answer().release()));
    assertEquals(0, responder.fetching());
    assertNotNull(responder.known(score("known", "java", "prompt"), Caller.NOBODY));
  }

  @Test
  void step_releaseCannotBeFetched_isAnsweredWithTheReasonAndOthersGoOn()
      throws InterruptedException {
    restoreCold("bias-1").countDown();
    source.lose("bias-1");
    swap(FakeReleases.published("python", 2));
    responder.submit(1, score("lost", "java", "prompt"));
    responder.submit(2, score("hot", "python", "prompt"));
    for (Answered answered : untilAnswered(responder, 2)) {
      Answer answer = answered.answer();
      if (answer.request().equals("hot")) {
        assertNull(answer.error());
      } else {
        assertError("release-unreadable: java.io.FileNotFoundException: bias-1", answer);
        assertNull(answer.release());
      }
    }
    source.find("bias-1");
    assertEquals("bias-1", one(score("found", "java", "prompt")).release());
  }

  @Test
  void step_deadlinePassesOrCancelledWhileFetching_leavesAndNothingStays()
      throws InterruptedException {
    CountDownLatch until = restoreCold("bias-1");
    responder.submit(1, due(score("late", "java", "prompt"), 1240));
    responder.submit(2, score("cancelled", "java", "prompt"));
    responder.submit(3, score("base", null, "prompt"));
    assertEquals(List.of("base"), ids(responder.step()));
    now = 1250;
    responder.cancel(2, "cancelled: by c");
    List<Answered> answered = untilAnswered(responder, 2);
    assertEquals(Set.of("late", "cancelled"), Set.copyOf(ids(answered)));
    answered.forEach(a -> assertNotNull(a.answer().error()));
    assertEquals(0, responder.fetching());
    until.countDown();
  }

  @Test
  void close_whileFetching_givesTheLeaseBackWhenItComes() throws InterruptedException {
    CountDownLatch until = restoreCold("bias-1");
    Responder closing = responder();
    closing.submit(1, score("cold", "java", "prompt"));
    closing.submit(2, score("base", null, "prompt"));
    assertEquals(List.of("base"), ids(closing.step()));
    closing.close();
    until.countDown();
  }

  /** A release of java that served before this process began; fetching it takes a while. */
  private CountDownLatch restoreCold(String release) {
    CountDownLatch until = new CountDownLatch(1);
    source.hold(release, until);
    assertEquals(
        Outcome.SWAPPED, live.restore(FakeReleases.published("java", 1), 77).join().outcome());
    return until;
  }

  private static List<Answered> untilAnswered(Responder responder, int count)
      throws InterruptedException {
    List<Answered> all = new ArrayList<>();
    while (all.size() < count) {
      all.addAll(responder.step());
    }
    return all;
  }

  @Test
  void respond_mixedBatch_keepsOrderAndCallsTheModelOncePerTask() {
    swap(FakeReleases.published("java", 1));
    swap(FakeReleases.published("python", 2));
    List<Request> requests = new ArrayList<>();
    for (int i = 0; i < 9; i++) {
      String domain = i % 3 == 0 ? null : i % 3 == 1 ? "java" : "python";
      requests.add(score("s" + i, domain, "prompt " + i));
      requests.add(generate("g" + i, domain, "prompt " + i, 4));
      requests.add(embed("e" + i, domain, "prompt " + i));
    }
    int before = base.scoreCalls().size();
    List<Answer> together = responder.respond(requests);
    assertEquals(before + 1, base.scoreCalls().size());
    responder.close();
    assertEquals(List.of(9), base.mostRunning());
    Responder other = responder();
    for (int i = 0; i < requests.size(); i++) {
      assertEquals(requests.get(i).id(), together.get(i).request());
      Request fresh = uncached(requests.get(i));
      Answer alone = other.respond(List.of(fresh)).get(0);
      assertEquals(alone.logProb(), together.get(i).logProb());
      assertEquals(alone.text(), together.get(i).text());
      assertArrayEquals(alone.embedding(), together.get(i).embedding());
    }
  }

  @Test
  void respond_equalPrompts_runTheModelOnce() {
    List<Request> same = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      same.add(score("q" + i, null, "the same prompt"));
    }
    List<Answer> answers = responder.respond(same);
    assertEquals(List.of(1), base.scoreCalls());
    for (int i = 0; i < same.size(); i++) {
      assertEquals("q" + i, answers.get(i).request());
      assertEquals(answers.get(0).logProb(), answers.get(i).logProb());
    }
  }

  @Test
  void respond_again_comesFromTheCacheUntilTheReleaseChanges() {
    swap(FakeReleases.published("java", 1));
    Answer first = one(score("a", "java", "prompt"));
    Answer second = one(score("b", "java", "prompt"));
    assertEquals(From.L1, second.from());
    assertEquals(first.logProb(), second.logProb());
    Answer elsewhere = responder().respond(List.of(score("c", "java", "prompt"))).get(0);
    assertEquals(From.REDIS, elsewhere.from());
    assertEquals(From.MODEL, one(uncached(score("d", "java", "prompt"))).from());
    swap(FakeReleases.published("java", 2));
    Answer after = one(score("e", "java", "prompt"));
    assertEquals(From.MODEL, after.from());
    assertEquals("bias-2", after.release());
    assertNotEquals(first.logProb(), after.logProb());
  }

  @Test
  void respond_anyTask_countsTheTokensOfItsPromptWhereverTheAnswerIsFrom() {
    List<Request> requests =
        List.of(
            score("a", null, "größer"),
            generate("b", null, "größer", 3),
            embed("c", null, "größer"));
    assertEquals(List.of(8, 8, 8), promptTokens(From.MODEL, responder.respond(requests)));
    assertEquals(List.of(8, 8, 8), promptTokens(From.L1, responder.respond(requests)));
    assertEquals(List.of(8, 8, 8), promptTokens(From.REDIS, responder().respond(requests)));
    Answer known = responder.known(requests.get(1), Caller.NOBODY);
    assertNotNull(known);
    assertEquals(8, known.promptTokens());
    assertEquals(0, one(generate("d", null, "a".repeat(600), 3)).promptTokens());
  }

  private static List<Integer> promptTokens(From from, List<Answer> answers) {
    answers.forEach(answer -> assertEquals(from, answer.from()));
    return answers.stream().map(Answer::promptTokens).toList();
  }

  @Test
  void respond_otherTenant_sharesNeitherReleaseNorCachedAnswer() {
    swap(FakeReleases.event("acme", "java", Action.PUBLISH, 1));
    Request own = of("acme", score("a", "java", "prompt"));
    Request rival = of("rival", score("b", "java", "prompt"));
    assertEquals("bias-1", one(own).release());
    Answer answer = one(rival);
    assertNull(answer.release());
    assertEquals(From.MODEL, answer.from());
    Request pinned = of("rival", pinned(score("c", "java", "p"), "bias-1"));
    assertError("unknown-release: bias-1", one(pinned));
  }

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

  @Test
  void respond_pinnedRelease_isAnsweredByItAfterTheSwap() {
    swap(FakeReleases.published("java", 1));
    Answer before = one(score("a", "java", "prompt"));
    swap(FakeReleases.published("java", 2));
    Answer pinned = one(pinned(score("b", "java", "prompt"), "bias-1"));
    assertEquals("bias-1", pinned.release());
    assertEquals(before.logProb(), pinned.logProb());
    assertError(
        "unknown-release: bias-1 of domain python",
        one(pinned(score("c", "python", "prompt"), "bias-1")));
  }

  @Test
  void respond_invalidRequests_areRefusedWithValueAndLimit() {
    assertError("empty-prompt", one(score("q", null, "")));
    assertError("prompt-too-short: 1 tokens, expected at least 2", one(score("q", null, "a")));
    assertError(
        "prompt-too-long: 600 tokens and 0 to add, expected at most 512",
        one(score("q", null, "a".repeat(600))));
    assertError(
        "prompt-too-long: 500 tokens and 13 to add, expected at most 512",
        one(generate("q", null, "a".repeat(500), 13)));
    assertError("bad-max-tokens", one(generate("q", null, "prompt", 0)));
    assertError("bad-temperature", one(sampled(generate("q", null, "prompt", 1), Double.NaN, 0)));
    assertError("release-unused: r1", one(pinned(embed("q", null, "prompt"), "r1")));
  }

  @Test
  void respond_requestThatBreaksTheModel_takesNoOtherWithIt() {
    String poison = "po" + (char) FakeBaseModel.POISON + "son";
    List<Answer> answers =
        responder.respond(
            List.of(
                score("a", null, "fine"),
                score("b", null, poison),
                generate("c", null, poison, 4),
                score("d", null, "fine too"),
                score("e", null, poison)));
    assertNull(answers.get(0).error());
    assertError("model-failed: ", answers.get(1));
    assertError("model-failed: ", answers.get(2));
    assertNull(answers.get(3).error());
    assertError("model-failed: ", answers.get(4));
    assertEquals(From.NONE, answers.get(4).from());
    assertError("model-failed: ", one(score("f", null, poison)));
  }

  @Test
  void respond_sampledText_isAFunctionOfItsSeed() {
    Answer first = one(uncached(sampled(generate("a", null, "prompt", 8), 1, 1)));
    Answer again = one(uncached(sampled(generate("b", null, "prompt", 8), 1, 1)));
    assertEquals(first.text(), again.text());
    assertNotEquals(first.text(), one(sampled(generate("c", null, "prompt", 8), 1, 2)).text());
    assertEquals(8, first.tokens());
    assertEquals(-8, first.logProb());
  }

  @Test
  void respond_stopText_endsTheAnswerBeforeItAndLeavesTheBatch() {
    Request plain = generate("a", null, "prompt", 20);
    Answer whole = one(plain);
    assertEquals("uvwxyzabcdefghijklmn", whole.text());
    int before = base.generated();
    List<Answer> answers =
        responder.respond(
            List.of(
                selecting(plain, 0, 1, List.of("never", "yza", "za")),
                selecting(plain, 0, 1, List.of("defg")),
                selecting(plain, 0, 1, List.of("n")),
                selecting(plain, 0, 1, List.of("uv"))));
    assertEquals(
        List.of("uvwx", "uvwxyzabc", "uvwxyzabcdefghijklm", ""),
        answers.stream().map(Answer::text).toList());
    assertEquals(List.of(7, 13, 20, 2), answers.stream().map(Answer::tokens).toList());
    assertEquals(-7, answers.get(0).logProb());
    assertEquals(7 + 13 + 20 + 2, base.generated() - before);
    assertEquals(whole.text(), one(plain).text());
  }

  @Test
  void respond_stopTextOfSeveralBytes_isFoundWhereItEnds() {
    Continuation continuation = new Continuation(new ByteTokenizer(), List.of(), List.of("é"), 8);
    byte[] bytes = "né!".getBytes(StandardCharsets.UTF_8);
    assertTrue(continuation.add(new Decoding.Token(0, bytes[0] & 0xff, -1, false)));
    assertTrue(continuation.add(new Decoding.Token(0, bytes[1] & 0xff, -1, false)));
    assertFalse(continuation.add(new Decoding.Token(0, bytes[2] & 0xff, -1, false)));
    assertEquals("n", continuation.answer().text());
    assertEquals(3, continuation.answer().tokens());
  }

  @Test
  void respond_tokenThatEndsATextOnThisBase_endsTheAnswer() {
    FakeBaseModel ending = new FakeBaseModel("ending", List.of((int) 'x', (int) 'd'));
    try (LiveReleases alone = LiveReleases.of(ending, source, SwapConfig.defaults());
        Responder other =
            Responder.of(
                parts(carriers(ending, new ByteTokenizer()), alone, new MediaReader(null)),
                LIMITS,
                5)) {
      Answer answer = one(other, generate("a", null, "prompt", 20));
      assertEquals("uvw", answer.text());
      assertEquals(4, answer.tokens());
      assertEquals(4, ending.generated());
    }
  }

  @Test
  void respond_requestsThatDifferInSelectionOrStop_shareNoAnswer() {
    Request plain = sampled(generate("a", null, "prompt", 8), 1, 5);
    List<Request> requests =
        List.of(
            plain,
            selecting(plain, 1, 1, List.of()),
            selecting(plain, 0, 0.001, List.of()),
            selecting(plain, 0, 1, List.of("j")));
    List<Answer> first = responder.respond(requests);
    first.forEach(answer -> assertEquals(From.MODEL, answer.from()));
    assertNotEquals(first.get(0).text(), first.get(1).text());
    assertNotEquals(first.get(0).text(), first.get(2).text());
    List<Answer> again = responder.respond(requests);
    for (int i = 0; i < first.size(); i++) {
      assertEquals(From.L1, again.get(i).from());
      assertEquals(first.get(i).text(), again.get(i).text());
    }
  }

  @Test
  void respond_moreToGenerateThanTheCacheHolds_joinsAsOthersLeave() {
    List<Request> requests = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      requests.add(generate("q" + i, null, i + "a".repeat(399), 20 + i));
    }
    List<Answer> answers = responder.respond(requests);
    responder.close();
    assertEquals(List.of(2), base.mostRunning());
    assertEquals(List.of(20, 21, 22, 23, 24), answers.stream().map(Answer::tokens).toList());
  }

  @Test
  void respond_moreTokensThanACallTakes_areSpreadOverCalls() {
    List<Request> requests = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      requests.add(score("q" + i, null, i + "a".repeat(399)));
    }
    responder.respond(requests);
    assertEquals(List.of(2, 2, 2, 2, 2), base.scoreCalls());
  }

  @Test
  void step_shortAnswerBesideALongOne_leavesAtOnce() throws Exception {
    responder.submit(1, generate("long", null, "prompt", 20));
    assertEquals(List.of(), responder.step());
    responder.submit(2, generate("short", null, "prompt", 2));
    responder.submit(3, score("score", null, "prompt"));
    assertEquals(List.of("score"), ids(responder.step()));
    assertEquals(List.of("short"), ids(responder.step()));
    for (int token = 3; token < 19; token++) {
      assertEquals(List.of(), responder.step());
    }
    List<Answered> last = responder.step();
    assertEquals(List.of("long"), ids(last));
    assertEquals("uvwxyzabcdefghijklmn", last.get(0).answer().text());
  }

  @Test
  void chunks_ofARequestThatStreams_areItsTextInOrderAndNameTheRelease() throws Exception {
    swap(FakeReleases.published("java", 64));
    Request request = generate("q", "java", "prompt", 6);
    responder.submit(1, streamed(request, List.of()));
    responder.submit(2, generate("other", null, "prompt", 6));
    List<Chunk> chunks = new ArrayList<>();
    Answer answer = answerOf("q", chunks);
    assertEquals(List.of(0, 1, 2, 3, 4), chunks.stream().map(Chunk::index).toList());
    assertEquals(answer.text(), text(chunks) + "f");
    assertEquals("q bias-64 fake-base", about(chunks.get(0)));
    responder.submit(3, streamed(request, List.of()));
    chunks.clear();
    assertEquals(From.L1, answerOf("q", chunks).from());
    assertEquals(List.of(), chunks, "what is found comes whole");
  }

  @Test
  void chunks_beforeAStopText_keepBackWhatMayBecomeOne() throws Exception {
    Request request = generate("q", null, "prompt", 9);
    responder.submit(1, streamed(request, List.of("wxa", "yza")));
    List<Chunk> chunks = new ArrayList<>();
    assertEquals("uvwx", answerOf("q", chunks).text());
    assertEquals(List.of("u", "v", "wx"), chunks.stream().map(Chunk::text).toList());
  }

  /** Steps until it is there; adds all chunks that come. */
  private Answer answerOf(String id, List<Chunk> chunks) throws InterruptedException {
    while (true) {
      List<Answered> done = responder.step();
      chunks.addAll(responder.chunks());
      for (Answered answered : done) {
        if (answered.answer().request().equals(id)) {
          return answered.answer();
        }
      }
    }
  }

  private static String text(List<Chunk> chunks) {
    return chunks.stream().map(Chunk::text).collect(Collectors.joining());
  }

  private static String about(Chunk chunk) {
    return chunk.request() + " " + chunk.release() + " " + chunk.base();
  }

  private static Request streamed(Request r, List<String> stop) {
    return r.toBuilder().stop(stop).deadlineMillis(0).cancels(null).stream(true).build();
  }

  @Test
  void step_swapWhileGenerating_finishesOnTheReleaseItBeganWith() throws Exception {
    swap(FakeReleases.published("java", 64));
    responder.submit(1, generate("q", "java", "prompt", 6));
    responder.step();
    for (int batch = 65; batch < 100; batch++) {
      swap(FakeReleases.published("java", batch));
    }
    swap(FakeReleases.event(null, "java", Action.FORGET, 99));
    List<Answered> done = List.of();
    while (done.isEmpty()) {
      done = responder.step();
    }
    assertEquals("bias-64", done.get(0).answer().release());
    assertEquals("vxzbdf", done.get(0).answer().text());
  }

  @Test
  void cancel_generating_leavesAtTheNextTokenAndFreesItsRoom() throws Exception {
    responder.submit(1, generate("a", null, "a".repeat(400), 100));
    responder.submit(2, generate("b", null, "b".repeat(400), 100));
    responder.submit(3, generate("c", null, "c".repeat(400), 2));
    responder.step();
    int before = base.generated();
    responder.cancel(1, "cancelled: by x");
    responder.cancel(9, "cancelled: nobody");
    List<Answered> done = responder.step();
    assertEquals(List.of("a"), ids(done));
    assertEquals("cancelled: by x", done.get(0).answer().error());
    assertEquals(2, base.generated() - before);
    assertEquals(List.of("c"), ids(responder.step()));
  }

  @Test
  void cancel_whoComputesForOthers_theNextComputes() throws Exception {
    for (int ticket = 0; ticket < 3; ticket++) {
      responder.submit(ticket, generate("q" + ticket, null, "prompt", 4));
    }
    responder.step();
    responder.cancel(0, "cancelled: by x");
    List<Answered> done = new ArrayList<>();
    while (done.size() < 3) {
      done.addAll(responder.step());
    }
    assertEquals(List.of("q0", "q1", "q2"), ids(done));
    assertEquals("uvwx", done.get(1).answer().text());
    assertEquals("uvwx", done.get(2).answer().text());
    assertEquals(5, base.generated());
  }

  @Test
  void close_whoComputesForOthersElsewhere_theOtherComputes() throws Exception {
    AnswerCache shared = cache();
    Responder first = responder(shared);
    Responder second = responder(shared);
    first.submit(1, generate("a", null, "prompt", 4));
    first.step();
    second.submit(1, generate("b", null, "prompt", 4));
    Answer other = second.respond(List.of(score("c", null, "prompt"))).get(0);
    assertNull(other.error());
    first.close();
    List<Answered> done = new ArrayList<>();
    while (done.isEmpty()) {
      done.addAll(second.step());
    }
    assertEquals("uvwx", done.get(0).answer().text());
  }

  /** Two subtasks, ten thousand requests, and a swap in the middle: one call for each release. */
  @Test
  void step_equalPromptsInTwoSubtasksAtASwap_runTheModelOnceForEachRelease() throws Exception {
    swap(FakeReleases.published("java", 1));
    int before = base.scoreCalls().size();
    AnswerCache shared = AnswerCache.of(1 << 20, remote, SECRET);
    List<Responder> subtasks = List.of(responder(shared), responder(shared));
    CountDownLatch half = new CountDownLatch(1);
    CompletableFuture<Void> swapped = new CompletableFuture<>();
    List<CompletableFuture<List<Answer>>> results =
        List.of(
            CompletableFuture.supplyAsync(() -> ask(subtasks.get(0), half::countDown)),
            CompletableFuture.supplyAsync(() -> ask(subtasks.get(1), swapped::join)));
    half.await();
    swap(FakeReleases.published("java", 2));
    swapped.complete(null);
    Set<String> answers = new HashSet<>();
    for (CompletableFuture<List<Answer>> result : results) {
      for (Answer answer : result.join()) {
        assertNull(answer.error());
        answers.add(answer.release() + " " + answer.logProb());
      }
    }
    shared.close();
    assertEquals(2, answers.size(), answers.toString());
    int warmUp = 1; // of the second release
    assertEquals(warmUp + 2, base.scoreCalls().size() - before);
  }

  private static List<Answer> ask(Responder subtask, Runnable halfway) {
    List<Answer> answers = new ArrayList<>();
    for (int part = 0; part < 10; part++) {
      if (part == 5) {
        halfway.run();
      }
      List<Request> requests = new ArrayList<>();
      for (int i = 0; i < 500; i++) {
        requests.add(score("q" + part + "-" + i, "java", "the same prompt"));
      }
      answers.addAll(subtask.respond(requests));
    }
    return answers;
  }

  @Test
  void known_answerKeptUnderTheCurrentRelease_isGivenWithoutAStep() {
    swap(FakeReleases.published("java", 1));
    Request request = score("q", "java", "prompt");
    assertNull(responder.known(request, Caller.NOBODY));
    Answer computed = one(request);
    Answer known = responder.known(request, Caller.NOBODY);
    assertNotNull(known);
    assertEquals(From.L1, known.from());
    assertEquals(computed.logProb(), known.logProb());
    assertNull(responder.known(uncached(request), Caller.NOBODY));
    assertNull(responder.known(score("q", "java", ""), Caller.NOBODY));
    swap(FakeReleases.published("java", 2));
    assertNull(responder.known(request, Caller.NOBODY));
  }

  @Test
  void known_deadlinePassed_isNoneAndWhoComputesSaysSo() {
    Request request = score("q", "java", "prompt");
    one(request);
    assertNotNull(responder.known(due(request, 1234), Caller.NOBODY));
    assertNull(responder.known(due(request, 1233), Caller.NOBODY));
    assertError("deadline-passed: it is 1234, expected at most 1233", one(due(request, 1233)));
  }

  @Test
  void bare_namesTheReasonIfThereIsOne() {
    Answer answer = responder.bare(score("q", "java", ""), "overloaded: so it is");
    assertEquals("q", answer.request());
    assertEquals("overloaded: so it is", answer.error());
    assertEquals(From.NONE, answer.from());
    assertNull(responder.bare(score("q", "java", ""), null).error());
  }

  @Test
  void submit_deadlinePassed_isAnsweredWithoutTheModel() {
    Answer late = one(due(generate("late", null, "prompt", 4), 1233));
    assertError("deadline-passed: it is 1234, expected at most 1233", late);
    assertEquals(List.of(), base.scoreCalls());
    assertEquals(0, base.generated());
    assertNull(one(due(generate("just", null, "prompt", 4), 1234)).error());
  }

  @Test
  void step_deadlinePassesWhileGenerating_leavesAtTheNextToken() throws Exception {
    responder.submit(1, due(generate("late", null, "prompt", 100), 1240));
    responder.submit(2, generate("goes on", null, "prompt", 100));
    responder.step();
    now = 1241;
    int before = base.generated();
    List<Answered> done = responder.step();
    assertEquals(List.of("late"), ids(done));
    assertError("deadline-passed: it is 1241, expected at most 1240", done.get(0).answer());
    assertEquals(1, base.generated() - before, "who waited for the same computes it now");
  }

  private static Request due(Request r, long deadline) {
    return r.toBuilder().deadlineMillis(deadline).cancels(null).build();
  }

  private static List<String> ids(List<Answered> answered) {
    return answered.stream().map(a -> a.answer().request()).toList();
  }

  @Test
  void respond_releaseOfTheOldBase_servesOnItUntilOneOfTheNewBaseTakesItsPlace() {
    FakeBaseModel fresh = new FakeBaseModel("fresh-base");
    LiveReleases both = LiveReleases.of(List.of(fresh, base), source, SwapConfig.defaults());
    ServingParts parts =
        parts(
            Carriers.of(
                new Carrier(fresh, new ByteTokenizer()),
                List.of(new Carrier(base, new ByteTokenizer()))),
            both,
            new MediaReader(null));
    try (Responder two = Responder.of(parts, LIMITS, 5)) {
      ReleaseEvent old = FakeReleases.published("java", 3);
      ReleaseEvent next = FakeReleases.succeeding("java", 4, 3);
      AdapterWeights adapter = FakeBaseModel.adapter(FakeReleases.bias("bias-4"));
      source.replace("bias-4", FakeReleases.release("fresh-base", null, "java", adapter, 4));
      assertEquals(Outcome.SWAPPED, both.apply(old, 77).join().outcome());
      assertBoth("bias-3", "fake-base", "fresh-base", two);
      assertEquals(Outcome.SWAPPED, both.apply(next.withholding(1), 78).join().outcome());
      assertBoth("bias-3", "fake-base", "fresh-base", two);
      assertEquals(Outcome.SWAPPED, both.apply(next, 79).join().outcome());
      assertBoth("bias-4", "fresh-base", "fresh-base", two);
      ReleaseEvent back = FakeReleases.event(null, "java", ReleaseEvent.Action.ROLLBACK, 3);
      assertEquals(Outcome.SWAPPED, both.apply(back, 80).join().outcome());
      assertBoth("bias-3", "fake-base", "fresh-base", two);
    } finally {
      both.close();
      assertEquals(0, fresh.openAdapters());
      assertEquals(List.of(), fresh.misuses());
    }
  }

  @Test
  void respond_baseReleasedMeanwhile_answersAnewAndNotFromWhatTheOldOneLeftInTheCache() {
    FakeBaseModel fresh = new FakeBaseModel("fresh-base");
    Carriers carriers = carriers(base, new ByteTokenizer());
    LiveReleases rebased =
        LiveReleases.of(base, source, SwapConfig.defaults())
            .rebasing(
                event -> {
                  carriers.add(new Carrier(fresh, new ByteTokenizer()));
                  return new NewBase(fresh, Map.of("java", "bias-3"), Map.of());
                });
    ServingParts parts = parts(carriers, rebased, new MediaReader(null));
    try (Responder one = Responder.of(parts, LIMITS, 5)) {
      assertSwapped(rebased, FakeReleases.published("java", 3));
      Request plain = generate("q", null, "xy", 3);
      assertEquals("fake-base MODEL", baseAndSource(one, plain));
      assertEquals("fake-base L1", baseAndSource(one, plain));
      Request java = generate("q", "java", "xy", 3);
      assertEquals("fake-base MODEL", baseAndSource(one, java));
      assertSwapped(
          rebased,
          new ReleaseEvent(
              null,
              "base",
              ReleaseEvent.Kind.BASE,
              ReleaseEvent.Action.PUBLISH,
              "b1",
              "memory:",
              null,
              1,
              "test",
              new Origin("releases", 0, 9)));
      assertEquals("fresh-base MODEL", baseAndSource(one, plain));
      assertEquals("fresh-base L1", baseAndSource(one, plain));
      assertEquals("fresh-base MODEL", baseAndSource(one, java));
      assertEquals("b1", one(one, java).release());
    } finally {
      rebased.close();
    }
  }

  private static void assertSwapped(LiveReleases releases, ReleaseEvent event) {
    assertEquals(Outcome.SWAPPED, releases.apply(event, 77).join().outcome());
  }

  private static String baseAndSource(Responder responder, Request request) {
    Answer answer = one(responder, request);
    assertNull(answer.error());
    return answer.base() + " " + answer.source();
  }

  /** What answers the domain, in one call and token by token, and what answers another. */
  private static void assertBoth(String release, String base, String other, Responder responder) {
    for (Answer answer :
        responder.respond(
            List.of(score("q", "java", "xy"), uncached(generate("q", "java", "xy", 3))))) {
      assertNull(answer.error());
      assertEquals(release, answer.release());
      assertEquals(base, answer.base());
    }
    Answer none = responder.respond(List.of(score("q", "cooking", "xy"))).get(0);
    assertNull(none.release());
    assertEquals(other, none.base());
  }

  @Test
  void step_whileItComputes_theForegroundIsBusyAndQuietAfterwards() throws Exception {
    Foreground foreground = new Foreground();
    RunningResponder busy = new RunningResponder(parts(cache()), LIMITS, 5, foreground);
    opened.add(busy);
    busy.submit(1, uncached(generate("q", null, "prompt", 3)));
    assertFalse(foreground.isBusy());
    assertEquals(List.of(), busy.step());
    assertTrue(foreground.isBusy());
    assertEquals(1, untilAnswered(busy, 1).size());
    CompletableFuture<List<Answered>> idle = CompletableFuture.supplyAsync(() -> step(busy));
    foreground.awaitQuiet(60_000);
    assertFalse(foreground.isBusy());
    busy.submit(2, uncached(generate("r", null, "prompt", 3)));
    assertEquals(List.of(), idle.join());
    assertTrue(foreground.isBusy());
    busy.close();
    assertFalse(foreground.isBusy());
  }

  @Test
  void step_requestThatIsStillRead_theForegroundIsBusyAlready() throws Exception {
    Foreground foreground = new Foreground();
    List<Boolean> busy = new ArrayList<>();
    Tokenizer watched =
        new ByteTokenizer() {
          @Override
          public int[] encode(String text) {
            busy.add(foreground.isBusy());
            return super.encode(text);
          }
        };
    RunningResponder reads =
        new RunningResponder(
            parts(carriers(base, watched), live, new MediaReader(null)), LIMITS, 5, foreground);
    opened.add(reads);
    reads.submit(1, uncached(generate("q", null, "prompt", 3)));
    reads.step();
    assertFalse(busy.isEmpty());
    assertFalse(busy.contains(false));
  }

  private static List<Answered> step(Responder responder) {
    try {
      return responder.step();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private Responder responder() {
    return responder(cache());
  }

  @Test
  void respond_pictureBeforeTheText_isAnsweredBehindIt() {
    try (Responder seeing = seeing(base.id())) {
      Answer third = one(seeing, score("a", null, "text").toBuilder().media(column(3)).build());
      Answer ninth = one(seeing, score("b", null, "text").toBuilder().media(column(9)).build());
      assertNull(third.error());
      assertEquals(4, third.tokens(), "the first token is predicted too");
      assertEquals(4 * (9 - 3), ninth.logProb() - third.logProb(), 1e-4);
      assertEquals(From.MODEL, ninth.from(), "another picture is another question");
      assertEquals(
          From.L1,
          one(seeing, score("c", null, "text").toBuilder().media(column(3)).build()).from());
      Request silent = generate("d", null, "", 2).toBuilder().media(column(3)).build();
      assertEquals("ef", one(seeing, silent).text());
      assertEquals(
          "fg",
          one(seeing, generate("e", null, "a", 2).toBuilder().media(column(4)).build()).text());
    }
  }

  @Test
  void respond_badMedia_areRefusedWithTheReasonsOfSamples() {
    byte[] png = ColumnAligner.picture(3);
    try (Responder seeing = seeing(base.id())) {
      assertError("media-broken: ", one(seeing, shown(Arrays.copyOf(png, png.length / 2))));
      assertError("media-unknown: ", one(seeing, shown("no picture".getBytes(UTF_8))));
      Request sound =
          score("s", null, "text").toBuilder().media(new Media(Modality.AUDIO, png)).build();
      assertError("media-unknown: ", one(seeing, sound));
      assertNull(one(seeing, score("t", null, "text")).error(), "and goes on");
    }
  }

  @Test
  void respond_pictureWithoutEncodersOfTheBase_isRefused() {
    assertError("modality-unsupported: IMAGE", one(shown(ColumnAligner.picture(3))));
    try (Responder seeing = seeing("another-base")) {
      assertError("modality-unsupported: IMAGE", one(seeing, shown(ColumnAligner.picture(3))));
    }
  }

  @Test
  void respond_promptThatCannotBeRead_failsAloneAndOthersGoOn() {
    Tokenizer broken =
        new ByteTokenizer() {
          @Override
          public int[] encode(String text) {
            if (text.equals("unreadable")) {
              throw new IllegalStateException("no tokens");
            }
            return super.encode(text);
          }
        };
    try (Responder reading =
        Responder.of(parts(carriers(base, broken), live, new MediaReader(null)), LIMITS, 5)) {
      List<Answer> answers =
          reading.respond(
              List.of(
                  score("a", null, "unreadable"),
                  uncached(generate("b", null, "unreadable", 2)),
                  score("c", Request.AUTO, "unreadable"),
                  score("d", null, "text")));
      assertError("model-failed: java.lang.IllegalStateException: no tokens", answers.get(0));
      assertError("model-failed: java.lang.IllegalStateException: no tokens", answers.get(1));
      assertError("model-failed: java.lang.IllegalStateException: no tokens", answers.get(2));
      assertNull(answers.get(3).error());
    }
  }

  @Test
  void respond_tokenizerWithABos_countsItButBehindMedia() {
    try (Responder seeing = seeing(base.id(), new AfterBos())) {
      assertEquals(4, one(seeing, score("q", null, "text")).tokens());
      assertEquals(5, one(seeing, score("q", null, "text")).promptTokens());
      Answer shown = one(seeing, shown(ColumnAligner.picture(3)));
      assertEquals(4, shown.tokens());
      assertEquals(1 + 4, shown.promptTokens());
      assertError(
          "prompt-too-long: 513 tokens and 0 to add, expected at most 512",
          one(seeing, score("q", null, "a".repeat(512))));
    }
  }

  /** Bytes behind a token that begins every text. */
  private static final class AfterBos extends ByteTokenizer {

    @Override
    public int[] encode(String text) {
      return IntStream.concat(IntStream.of(bos()), IntStream.of(super.encode(text))).toArray();
    }

    @Override
    public int[] bos() {
      return new int[] {1};
    }
  }

  private static Request shown(byte[] picture) {
    return score("p", null, "text").toBuilder().media(new Media(Modality.IMAGE, picture)).build();
  }

  private static Media column(int k) {
    return new Media(Modality.IMAGE, ColumnAligner.picture(k));
  }

  /** A responder with encoders of a base. */
  private Responder seeing(String of) {
    return seeing(of, new ByteTokenizer());
  }

  private Responder seeing(String of, Tokenizer tokenizer) {
    ServingParts parts =
        parts(carriers(base, tokenizer), live, new MediaReader(new ColumnAligner(of)));
    return Responder.of(parts, LIMITS, 5);
  }

  private static Answer one(Responder responder, Request request) {
    return responder.respond(List.of(request)).get(0);
  }

  private AnswerCache cache() {
    return AnswerCache.of(1 << 20, remote, SECRET, SemanticTier.none(), new DirectExecutor());
  }

  private Responder responder(AnswerCache cache) {
    Responder responder = Responder.of(parts(cache), LIMITS, 5);
    opened.add(responder);
    return responder;
  }

  private ServingParts parts(AnswerCache cache) {
    return parts(carriers(base, new ByteTokenizer()), live, cache, new MediaReader(null));
  }

  private ServingParts parts(Carriers carriers, LiveReleases releases, MediaReader media) {
    return parts(carriers, releases, cache(), media);
  }

  private ServingParts parts(
      Carriers carriers, LiveReleases releases, AnswerCache cache, MediaReader media) {
    return new ServingParts(
        carriers, releases, cache, CacheKeys.of(SECRET), () -> Instant.ofEpochMilli(now), media);
  }

  private static Carriers carriers(BaseModel base, Tokenizer tokenizer) {
    return Carriers.of(new Carrier(base, tokenizer), List.of());
  }

  private Answer one(Request request) {
    return responder.respond(List.of(request)).get(0);
  }

  private void swap(ReleaseEvent event) {
    assertEquals(Outcome.SWAPPED, live.apply(event, 77).join().outcome());
  }

  private static void assertError(String reason, Answer answer) {
    String error = answer.error();
    assertNotNull(error);
    assertTrue(error.startsWith(reason), error);
  }

  private static Request score(String id, @Nullable String domain, String prompt) {
    return request(id, domain, Task.SCORE, prompt).build();
  }

  private static Request embed(String id, @Nullable String domain, String prompt) {
    return request(id, domain, Task.EMBED, prompt).build();
  }

  private static Request generate(
      String id, @Nullable String domain, String prompt, int maxTokens) {
    return request(id, domain, Task.GENERATE, prompt).maxTokens(maxTokens).build();
  }

  private static Request.Builder request(
      String id, @Nullable String domain, Task task, String prompt) {
    return Request.builder(id, task, prompt).domain(domain).origin(new Origin("requests", 0, 1));
  }

  private static Request of(@Nullable String tenant, Request r) {
    return r.toBuilder().tenant(tenant).build();
  }

  private static Request pinned(Request r, String release) {
    return r.toBuilder().release(release).build();
  }

  private static Request sampled(Request r, double temperature, long seed) {
    return r.toBuilder().temperature(temperature).seed(seed).build();
  }

  private static Request selecting(Request r, int topK, double topP, List<String> stop) {
    return r.toBuilder().topK(topK).topP(topP).stop(stop).build();
  }

  private static Request uncached(Request r) {
    return r.toBuilder().cached(false).build();
  }
}
