package dev.millrace.model.serve;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.model.base.FakeBaseModel;
import dev.millrace.model.base.Foreground;
import dev.millrace.model.cache.AnswerCache;
import dev.millrace.model.swap.Caller;
import dev.millrace.model.swap.FakeReleases;
import dev.millrace.model.text.ByteTokenizer;
import dev.millrace.model.text.Tokenizer;
import dev.millrace.schema.Answer;
import dev.millrace.schema.Answer.From;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.Request;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Requests and their answers. */
class ResponderTest extends Responders {

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
  void respond_decodingThatCannotBeOpened_failsThoseWhoWaitForItAndIsOpenedForTheNext() {
    base.failDecodings(1);
    List<Answer> answers =
        responder.respond(
            List.of(
                generate("a", null, "one", 2),
                generate("b", null, "two", 2),
                score("c", null, "text")));
    assertError("model-failed: no room", answers.get(0));
    assertError("model-failed: no room", answers.get(1));
    assertNull(answers.get(2).error());
    assertNull(one(generate("d", null, "one", 2)).error());
  }

  @Test
  void respond_domainWithoutRelease_isAnsweredByTheBase() {
    Answer byBase = one(score("q", "java", "prompt"));
    assertNull(byBase.error());
    assertNull(byBase.release());
    assertEquals(byBase.logProb(), one(score("q", null, "prompt")).logProb());
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
  void respond_invalidRequests_areRefusedWithValueAndLimit() {
    assertError("empty-prompt", one(score("q", null, "")));
    assertError("prompt-too-short: 1 tokens, expected at least 2", one(score("q", null, "a")));
    assertError(
        "prompt-too-long: 600 tokens and 0 to add, expected at most 512",
        one(score("q", null, "a".repeat(600))));
    assertError(
        "prompt-too-long: 500 tokens and 13 to add, expected at most 512",
        one(generate("q", null, "a".repeat(500), 13)));
    assertError(
        "prompt-too-long: 512 tokens and 1 to add, expected at most 512",
        one(generate("q", null, "a".repeat(512), 0)));
    assertError("bad-max-tokens", one(generate("q", null, "prompt", -1)));
    assertError("bad-temperature", one(sampled(generate("q", null, "prompt", 1), Double.NaN, 0)));
    assertError("release-unused: r1", one(pinned(embed("q", null, "prompt"), "r1")));
    Request cancels = score("q", null, "prompt").toBuilder().cancels("another").build();
    assertError("nothing-asked: the request cancels another", one(cancels));
  }

  @ParameterizedTest
  @CsvSource({"1, 256", "256, 256", "257, 255", "511, 1"})
  void respond_numberOfTokensIsLeftToTheRoom_addsWhatThereIs(int prompt, int added) {
    Answer answer = one(generate("q", null, "a".repeat(prompt), 0));
    assertEquals(added, answer.tokens());
    assertFalse(answer.stopped());
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
  void respond_embeddingThatIsNoNumber_failsAndIsNotKept() {
    String boundless = "with" + (char) FakeBaseModel.BOUNDLESS + "out bounds";
    for (String id : List.of("a", "b")) {
      Answer answer = one(embed(id, null, boundless));
      assertError("model-failed: an embedding with NaN, expected finite numbers", answer);
      assertEquals(0, answer.embedding().length);
    }
    assertNull(one(embed("c", null, "within bounds")).error());
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

  /** The base has answered the same question. */
  @Test
  void known_releaseIsNamedOrFoundByTheContent_isNone() {
    Request request = score("q", null, "prompt");
    one(request);
    assertNotNull(responder.known(request, Caller.NOBODY));
    assertNull(responder.known(pinned(request, "bias-1"), Caller.NOBODY));
    assertNull(responder.known(score("q", Request.AUTO, "prompt"), Caller.NOBODY));
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
}
