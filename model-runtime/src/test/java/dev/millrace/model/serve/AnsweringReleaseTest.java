package dev.millrace.model.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.assign.KnownTexts;
import dev.millrace.model.assign.Profile;
import dev.millrace.model.base.FakeBaseModel;
import dev.millrace.model.cache.AnswerCache;
import dev.millrace.model.swap.Caller;
import dev.millrace.model.swap.FakeReleases;
import dev.millrace.model.swap.LiveReleases;
import dev.millrace.model.swap.NewBase;
import dev.millrace.model.swap.SwapConfig;
import dev.millrace.model.swap.SwapResult.Outcome;
import dev.millrace.model.text.ByteTokenizer;
import dev.millrace.schema.Answer;
import dev.millrace.schema.Answer.From;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.ReleaseEvent.Kind;
import dev.millrace.schema.Request;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Which release answers. */
class AnsweringReleaseTest extends Responders {

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

  /** A shadow answers nobody, and hides nothing from its tenant. */
  @Test
  void respond_autoOfATenantWithAShadowOfASharedDomain_isAnsweredByThat() throws IOException {
    swapWithProfile(FakeReleases.published("java", 1), "abcdefghij");
    swapWithProfile(
        FakeReleases.event("acme", "java", Action.PUBLISH, 3).withholding(1), "abcdefghij");
    Answer answer = one(uncached(of("acme", score("t", Request.AUTO, "abcabc"))));
    assertEquals(List.of("java", "bias-1"), Arrays.asList(answer.domain(), answer.release()));
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
    assertEquals(2, responder.fetching().size());
    responder.submit(4, uncached(generate("hot too", "python", "prompt", 2)));
    assertEquals(List.of("hot too"), ids(untilAnswered(responder, 1)));
    assertNull(responder.known(score("known", "java", "prompt"), Caller.NOBODY));
    until.countDown();
    List<Answered> answered = untilAnswered(responder, 2);
    answered.forEach(a -> assertNull(a.answer().error()));
    answered.forEach(a -> assertEquals("bias-1", a.answer().release()));
    assertEquals(Set.of(), responder.fetching());
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
        assertError("release-unreadable: bias-1: no such file", answer);
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
    assertEquals(Set.of(), responder.fetching());
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

  @Test
  void respond_pinnedRelease_isAnsweredByItAfterTheSwap() {
    swap(FakeReleases.published("java", 1));
    Answer before = one(score("a", "java", "prompt"));
    swap(FakeReleases.published("java", 2));
    Answer pinned = one(pinned(score("b", "java", "prompt"), "bias-1"));
    assertEquals("bias-1", pinned.release());
    assertEquals(before.logProb(), pinned.logProb());
    Answer byItsId = one(pinned(score("d", null, "prompt"), "bias-1"));
    assertEquals(List.of("java", "bias-1"), Arrays.asList(byItsId.domain(), byItsId.release()));
    assertError(
        "unknown-release: bias-1 of domain python",
        one(pinned(score("c", "python", "prompt"), "bias-1")));
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
      Origin at = new Origin("releases", 0, 9);
      assertSwapped(
          rebased,
          new ReleaseEvent(
              null, "base", Kind.BASE, Action.PUBLISH, "b1", "memory:", null, 1, "test", at));
      assertEquals("fresh-base MODEL", baseAndSource(one, plain));
      assertEquals("fresh-base L1", baseAndSource(one, plain));
      assertEquals("fresh-base MODEL", baseAndSource(one, java));
      assertEquals("b1", one(one, java).release());
      Answer byItsId = one(one, pinned(plain, "b1"));
      assertEquals("b1", byItsId.release());
      assertNull(byItsId.domain());
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
}
