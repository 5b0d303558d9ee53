package dev.millrace.job.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.millrace.job.operator.Serving;
import dev.millrace.model.base.Drafts;
import dev.millrace.model.serve.Answered;
import dev.millrace.model.serve.Responder;
import dev.millrace.model.swap.HotCounts;
import dev.millrace.model.swap.Lease;
import dev.millrace.model.swap.LiveReleases;
import dev.millrace.model.swap.Staged;
import dev.millrace.model.swap.SwapResult;
import dev.millrace.model.swap.SwapResult.Outcome;
import dev.millrace.schema.Answer;
import dev.millrace.schema.Chunk;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.ReleaseEvent.Kind;
import dev.millrace.schema.Request;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class LocalServingTest {

  @Test
  void ask_modelThatEndsWithAnError_failsWhoeverAskedAndWhoeverAsks() {
    Error gone = new NoClassDefFoundError("a native library");
    LocalServing local =
        new LocalServing(
            new Serving(new Broken(gone), null, null),
            getClass().getClassLoader(),
            InstantSource.system(),
            1);
    CompletableFuture<Answer> before = local.ask(request());
    local.answer();
    assertSame(gone, assertThrows(CompletionException.class, before::join).getCause());
    CompletableFuture<Answer> after = local.ask(request());
    assertSame(gone, assertThrows(CompletionException.class, after::join).getCause());
  }

  @Test
  @Timeout(60)
  void follow_publicationThatCannotBeRead_isTriedUntilItCan() throws Exception {
    Store store = new Store(3);
    try (LocalServing local = serving(store, 1)) {
      assertEquals(Outcome.FAILED, local.follow(event(Action.PUBLISH, 5)).join().outcome());
      for (int i = 0; i < 4; i++) {
        assertEquals(5, store.tries.take());
      }
      assertEquals(Outcome.SWAPPED, local.follow(event(Action.PUBLISH, 6)).join().outcome());
      assertEquals(6, store.tries.take());
    }
  }

  /** Else it would come back over what people have ordered since. */
  @Test
  @Timeout(60)
  void follow_publicationThatWasTakenBackBeforeItCouldBeRead_isNotTriedAgain() throws Exception {
    Store store = new Store(1);
    try (LocalServing local = serving(store, Long.MAX_VALUE)) {
      assertEquals(Outcome.FAILED, local.follow(event(Action.PUBLISH, 5)).join().outcome());
      assertEquals(Outcome.SWAPPED, local.follow(event(Action.ROLLBACK, 6)).join().outcome());
      local.tryAgain(event(Action.PUBLISH, 5));
      assertEquals(List.of(5L, 6L), List.copyOf(store.tries));
    }
  }

  /** What is no release here takes nothing over. */
  @Test
  @Timeout(60)
  void follow_publicationThatCannotBeReadBeforeOneThatIsInvalid_isTriedAgain() throws Exception {
    Store store = new Store(1, 6);
    try (LocalServing local = serving(store, Long.MAX_VALUE)) {
      assertEquals(Outcome.FAILED, local.follow(event(Action.PUBLISH, 5)).join().outcome());
      assertEquals(Outcome.FAILED, local.follow(event(Action.PUBLISH, 6)).join().outcome());
      local.tryAgain(event(Action.PUBLISH, 5));
      assertEquals(List.of(5L, 6L, 5L), List.copyOf(store.tries));
    }
  }

  @Test
  @Timeout(60)
  void follow_twoPublicationsThatCannotBeRead_theFirstWaitsForWhatBecomesOfTheLast()
      throws Exception {
    Store store = new Store(2, 6);
    try (LocalServing local = serving(store, Long.MAX_VALUE)) {
      assertEquals(Outcome.FAILED, local.follow(event(Action.PUBLISH, 5)).join().outcome());
      assertEquals(Outcome.FAILED, local.follow(event(Action.PUBLISH, 6)).join().outcome());
      local.tryAgain(event(Action.PUBLISH, 5));
      local.tryAgain(event(Action.PUBLISH, 6));
      local.tryAgain(event(Action.PUBLISH, 5));
      assertEquals(List.of(5L, 6L, 6L, 5L), List.copyOf(store.tries));
    }
  }

  /** A topic keeps all events of a week, and one release a domain answers. */
  @Test
  void begin_manyPublications_loadsWhatEachDomainHasComeTo() throws Exception {
    Store store = new Store(0);
    List<ReleaseEvent> events =
        List.of(
            event(Action.PUBLISH, 1),
            event(Action.PUBLISH, 2),
            event(Action.PUBLISH, 3),
            event(Action.ROLLBACK, 4));
    try (LocalServing local = serving(store, 1)) {
      local.begin(events);
    }
    assertEquals(List.of(4L), List.copyOf(store.tries));
  }

  /** Or Flink would end the task manager three minutes after the query was cancelled. */
  @Test
  @Timeout(60)
  void begin_interruptedWhileAStoreHangs_ends() throws Exception {
    Store hangs =
        new Store(0) {
          @Override
          public CompletableFuture<Staged> stage(ReleaseEvent event, long readMillis) {
            tries.add(event.origin().offset());
            return new CompletableFuture<>();
          }
        };
    try (LocalServing local = serving(hangs, 1)) {
      Thread task = Thread.currentThread();
      Thread canceller =
          new Thread(
              () -> {
                try {
                  hangs.tries.take();
                  task.interrupt();
                } catch (InterruptedException e) {
                  throw new AssertionError(e);
                }
              });
      canceller.start();
      assertThrows(
          InterruptedException.class, () -> local.begin(List.of(event(Action.PUBLISH, 1))));
      canceller.join();
    }
  }

  private static LocalServing serving(LiveReleases releases, long againMillis) {
    return new LocalServing(
        new Serving(new Broken(new AssertionError()), releases, null),
        LocalServingTest.class.getClassLoader(),
        InstantSource.system(),
        againMillis);
  }

  private static ReleaseEvent event(Action action, long offset) {
    return new ReleaseEvent(
        null,
        "d",
        Kind.ADAPTER,
        action,
        "r" + offset,
        "file:///r",
        null,
        offset,
        "test",
        new Origin("releases", 0, offset));
  }

  private static Request request() {
    return Request.builder("q", Request.Task.SCORE, "ab")
        .domain("d")
        .maxTokens(1)
        .cached(false)
        .origin(new Origin("r", 0, 0))
        .build();
  }

  /** Ends at its first step. */
  private record Broken(Error error) implements Responder {

    @Override
    public void submit(long ticket, Request request, long caller) {}

    @Override
    public void cancel(long ticket, String reason) {}

    @Override
    public List<Answered> step() {
      throw error;
    }

    @Override
    public List<Chunk> chunks() {
      return List.of();
    }

    @Override
    public int fetching() {
      return 0;
    }

    @Override
    public Drafts drafts() {
      return Drafts.NONE;
    }

    @Override
    public @Nullable Answer known(Request request, long caller) {
      return null;
    }

    @Override
    public Answer bare(Request request, @Nullable String error) {
      throw new UnsupportedOperationException("nobody asks");
    }

    @Override
    public void close() {}
  }

  /** Cannot be read so many times; after that, what one event names is no release. */
  private static class Store implements LiveReleases {
    final BlockingQueue<Long> tries = new LinkedBlockingQueue<>();
    private final AtomicInteger failures;
    private final long invalid;

    Store(int failures) {
      this(failures, -1);
    }

    Store(int failures, long invalid) {
      this.failures = new AtomicInteger(failures);
      this.invalid = invalid;
    }

    @Override
    public CompletableFuture<SwapResult> apply(ReleaseEvent event, long readMillis) {
      tries.add(event.origin().offset());
      SwapResult result =
          failures.getAndDecrement() > 0
              ? new SwapResult(event, Outcome.FAILED, "release-unreadable: away", 0)
              : event.origin().offset() == invalid
                  ? new SwapResult(event, Outcome.FAILED, "release-invalid: no digest", 0)
                  : new SwapResult(event, Outcome.SWAPPED, "", 0);
      return CompletableFuture.completedFuture(result);
    }

    @Override
    public CompletableFuture<Staged> stage(ReleaseEvent event, long readMillis) {
      return CompletableFuture.completedFuture(new Ready(event, this));
    }

    @Override
    public CompletableFuture<SwapResult> restore(ReleaseEvent event, long readMillis) {
      throw new UnsupportedOperationException("nobody asks");
    }

    @Override
    public CompletableFuture<Lease> acquire(
        @Nullable String tenant, @Nullable String domain, long caller) {
      throw new UnsupportedOperationException("nobody asks");
    }

    @Override
    public @Nullable Lease peek(@Nullable String tenant, @Nullable String domain, long caller) {
      throw new UnsupportedOperationException("nobody asks");
    }

    @Override
    public Lease base() {
      throw new UnsupportedOperationException("nobody asks");
    }

    @Override
    public CompletableFuture<Lease> assign(@Nullable String tenant, int[] text, long caller) {
      throw new UnsupportedOperationException("nobody asks");
    }

    @Override
    public CompletableFuture<Lease> acquirePinned(@Nullable String tenant, String release) {
      throw new UnsupportedOperationException("nobody asks");
    }

    @Override
    public HotCounts counts() {
      throw new UnsupportedOperationException("nobody asks");
    }

    @Override
    public void close() {}
  }

  /** Loads when it is switched to. */
  private record Ready(ReleaseEvent event, Store store) implements Staged {

    @Override
    public @Nullable SwapResult problem() {
      return null;
    }

    @Override
    public String missing() {
      return "";
    }

    @Override
    public double millis() {
      return 0;
    }

    @Override
    public CompletableFuture<SwapResult> activate() {
      return store.apply(event, 0);
    }

    @Override
    public void close() {}
  }
}
