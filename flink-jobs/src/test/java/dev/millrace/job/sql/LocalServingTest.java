package dev.millrace.job.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.StreamRecords;
import dev.millrace.job.operator.serve.FakeServing;
import dev.millrace.job.operator.serve.Serving;
import dev.millrace.model.serve.Answered;
import dev.millrace.model.swap.Staged;
import dev.millrace.model.swap.SwapResult;
import dev.millrace.model.swap.SwapResult.Outcome;
import dev.millrace.schema.Answer;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.Request;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class LocalServingTest {

  private final FakeServing fake = new FakeServing(0);

  @Test
  void ask_modelThatEndsWithAnError_failsWhoeverAskedAndWhoeverAsks() {
    Error gone = new NoClassDefFoundError("a native library");
    FakeServing broken =
        new FakeServing(0) {
          @Override
          public List<Answered> step() {
            throw gone;
          }
        };
    LocalServing local = serving(broken, 1);
    CompletableFuture<Answer> before = local.ask(request());
    local.answer();
    assertSame(gone, assertThrows(CompletionException.class, before::join).getCause());
    CompletableFuture<Answer> after = local.ask(request());
    assertSame(gone, assertThrows(CompletionException.class, after::join).getCause());
  }

  @Test
  @Timeout(60)
  void follow_publicationThatCannotBeRead_isTriedUntilItCan() throws Exception {
    fake.takeAway("r5");
    try (LocalServing local = serving(fake, 1)) {
      assertEquals(Outcome.FAILED, local.follow(event(Action.PUBLISH, 5)).join().outcome());
      for (int i = 0; i < 3; i++) {
        assertEquals("r5", fake.tries().take());
      }
      fake.bringBack("r5");
      while (fake.switched().isEmpty()) {
        assertEquals("r5", fake.tries().take());
      }
      assertEquals(Outcome.SWAPPED, local.follow(event(Action.PUBLISH, 6)).join().outcome());
    }
    assertEquals(List.of("r5", "r6"), fake.switched());
  }

  /** Else it would come back over what people have ordered since. */
  @Test
  @Timeout(60)
  void follow_publicationThatWasTakenBackBeforeItCouldBeRead_isNotTriedAgain() throws Exception {
    fake.takeAway("r5");
    try (LocalServing local = serving(fake, Long.MAX_VALUE)) {
      assertEquals(Outcome.FAILED, local.follow(event(Action.PUBLISH, 5)).join().outcome());
      assertEquals(Outcome.SWAPPED, local.follow(event(Action.ROLLBACK, 6)).join().outcome());
      local.tryAgain(event(Action.PUBLISH, 5));
      assertEquals(List.of("r5", "r6"), List.copyOf(fake.tries()));
    }
  }

  /** What is no release here takes nothing over. */
  @Test
  @Timeout(60)
  void follow_publicationThatCannotBeReadBeforeOneThatIsInvalid_isTriedAgain() throws Exception {
    FakeServing damaged = new FakeServing(0, "r6");
    damaged.takeAway("r5");
    try (LocalServing local = serving(damaged, Long.MAX_VALUE)) {
      assertEquals(Outcome.FAILED, local.follow(event(Action.PUBLISH, 5)).join().outcome());
      assertEquals(Outcome.FAILED, local.follow(event(Action.PUBLISH, 6)).join().outcome());
      local.tryAgain(event(Action.PUBLISH, 5));
      assertEquals(List.of("r5", "r6", "r5"), List.copyOf(damaged.tries()));
    }
  }

  @Test
  @Timeout(60)
  void follow_twoPublicationsThatCannotBeRead_theFirstWaitsForWhatBecomesOfTheLast()
      throws Exception {
    FakeServing damaged = new FakeServing(0, "r6");
    damaged.takeAway("r5");
    damaged.takeAway("r6");
    try (LocalServing local = serving(damaged, Long.MAX_VALUE)) {
      assertEquals(Outcome.FAILED, local.follow(event(Action.PUBLISH, 5)).join().outcome());
      assertEquals(Outcome.FAILED, local.follow(event(Action.PUBLISH, 6)).join().outcome());
      local.tryAgain(event(Action.PUBLISH, 5));
      damaged.bringBack("r6");
      local.tryAgain(event(Action.PUBLISH, 6));
      local.tryAgain(event(Action.PUBLISH, 5));
      assertEquals(List.of("r5", "r6", "r6", "r5"), List.copyOf(damaged.tries()));
    }
  }

  /** It was taken for one that its domain has gone on from. */
  @Test
  @Timeout(60)
  void follow_publicationOnATopicThatWasMadeAnew_isTriedAgain() throws Exception {
    fake.takeAway("r1");
    try (LocalServing local = serving(fake, Long.MAX_VALUE)) {
      assertEquals(Outcome.SWAPPED, local.follow(event(Action.PUBLISH, 5)).join().outcome());
      assertEquals(Outcome.FAILED, local.follow(event(Action.PUBLISH, 1)).join().outcome());
      fake.bringBack("r1");
      local.tryAgain(event(Action.PUBLISH, 1));
    }
    assertEquals(List.of("r5", "r1"), fake.switched());
  }

  /** A topic keeps all events of a week, and one release a domain answers. */
  @Test
  void begin_manyPublications_loadsWhatEachDomainHasComeTo() throws Exception {
    List<ReleaseEvent> events =
        List.of(
            event(Action.PUBLISH, 1),
            event(Action.PUBLISH, 2),
            event(Action.PUBLISH, 3),
            event(Action.ROLLBACK, 4));
    try (LocalServing local = serving(fake, 1)) {
      local.begin(events);
    }
    assertEquals(List.of("r4"), List.copyOf(fake.tries()));
  }

  /** They may be 5 MB for each domain. */
  @Test
  void follow_orderToForget_keepsNoIdsOfSamples() throws Exception {
    List<List<String>> kept = new ArrayList<>();
    FakeServing serving =
        new FakeServing(0) {
          @Override
          public CompletableFuture<Staged> stage(ReleaseEvent event, long readMillis) {
            kept.add(event.forgotten());
            return super.stage(event, readMillis);
          }

          @Override
          public CompletableFuture<SwapResult> apply(ReleaseEvent event, long readMillis) {
            kept.add(event.forgotten());
            return super.apply(event, readMillis);
          }
        };
    try (LocalServing local = serving(serving, 1)) {
      local.begin(List.of(event(Action.FORGET, 1).forgetting(List.of("mail-1"))));
      local.follow(event(Action.FORGET, 2).forgetting(List.of("mail-2"))).join();
    }
    assertFalse(kept.isEmpty());
    assertTrue(kept.stream().allMatch(List::isEmpty), kept::toString);
  }

  /** Or Flink would end the task manager three minutes after the query was cancelled. */
  @Test
  @Timeout(60)
  void begin_interruptedWhileAStoreHangs_ends() throws Exception {
    fake.hold("r1", new CompletableFuture<>());
    try (LocalServing local = serving(fake, 1)) {
      Thread.currentThread().interrupt();
      assertThrows(
          InterruptedException.class, () -> local.begin(List.of(event(Action.PUBLISH, 1))));
    }
  }

  private static LocalServing serving(FakeServing fake, long againMillis) {
    return new LocalServing(
        new Serving(fake, fake, null),
        LocalServingTest.class.getClassLoader(),
        InstantSource.system(),
        againMillis);
  }

  private static ReleaseEvent event(Action action, long offset) {
    return StreamRecords.event("d", action, "r" + offset, offset, offset);
  }

  private static Request request() {
    return Request.builder("q", Request.Task.SCORE, "ab")
        .domain("d")
        .maxTokens(1)
        .cached(false)
        .origin(new Origin("r", 0, 0))
        .build();
  }
}
