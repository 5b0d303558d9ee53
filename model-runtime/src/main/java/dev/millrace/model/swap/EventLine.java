package dev.millrace.model.swap;

import dev.millrace.model.swap.SwapResult.Outcome;
import dev.millrace.schema.ReleaseEvent;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/**
 * Events of one kind beside the adapters', in their order: what each names is fetched on a thread
 * of its own, then handed over there.
 */
final class EventLine<T> implements AutoCloseable {

  private final Fetch<T> fetch;
  private final Switch<T> takes;
  private final ExecutorService swapper;

  /** What each alias follows; touched by the swapper's thread alone. */
  private final Map<Alias, ReleaseEvent> followed = new HashMap<>();

  /** What an event names. */
  interface Fetch<T> {

    /**
     * Fetches and verifies it.
     *
     * @param restored whether it was live before this process began
     * @return null where what shipped answers in its place
     */
    @Nullable T fetch(ReleaseEvent event, long readMillis, boolean restored) throws IOException;
  }

  /** What makes it current. */
  interface Switch<T> {

    /**
     * Replaces one reference.
     *
     * @param fetched null where the event takes its alias back to what shipped
     */
    void take(ReleaseEvent event, @Nullable T fetched);
  }

  EventLine(String thread, Fetch<T> fetch, Switch<T> takes) {
    this.fetch = fetch;
    this.takes = takes;
    this.swapper = Executors.newSingleThreadExecutor(t -> Threads.daemon(t, thread));
  }

  CompletableFuture<SwapResult> apply(ReleaseEvent event, long readMillis) {
    return CompletableFuture.supplyAsync(
        () -> new Prepared(event, readMillis, false).followed(), swapper);
  }

  CompletableFuture<Staged> stage(ReleaseEvent event, long readMillis) {
    return CompletableFuture.supplyAsync(() -> new Prepared(event, readMillis, false), swapper);
  }

  CompletableFuture<SwapResult> restore(ReleaseEvent event, long readMillis) {
    return CompletableFuture.supplyAsync(
        () -> new Prepared(event, readMillis, true).followed(), swapper);
  }

  /** Runs something between two events. */
  CompletableFuture<@Nullable Void> run(Runnable task) {
    return CompletableFuture.runAsync(task, swapper);
  }

  /** An event and what it names, fetched on the swapper's thread. */
  private final class Prepared implements Staged {

    private final long start = System.nanoTime();
    private final ReleaseEvent event;
    private final @Nullable SwapResult problem;
    private @Nullable T fetched;
    private final double millis;

    Prepared(ReleaseEvent event, long readMillis, boolean restored) {
      this.event = event;
      this.problem = prepare(readMillis, restored);
      this.millis = elapsed();
    }

    private @Nullable SwapResult prepare(long readMillis, boolean restored) {
      String ignored = SwapRule.reasonNotToFollow(event, followed.get(Alias.of(event)));
      if (ignored != null) {
        return new SwapResult(event, Outcome.IGNORED, ignored, elapsed());
      }
      if (event.release().isEmpty()) {
        return null;
      }
      try {
        fetched = fetch.fetch(event, readMillis, restored);
        return null;
      } catch (IOException | RuntimeException e) {
        String why = String.valueOf(ReleaseRefusedException.because(e).getMessage());
        return new SwapResult(event, Outcome.FAILED, why, elapsed());
      }
    }

    private double elapsed() {
      return (System.nanoTime() - start) / 1e6;
    }

    /** The second half, on the swapper's thread. */
    private SwapResult followed() {
      if (problem != null) {
        return problem;
      }
      takes.take(event, fetched);
      Alias alias = Alias.of(event);
      followed.put(alias, SwapRule.followed(event, followed.get(alias)));
      return new SwapResult(event, Outcome.SWAPPED, "", elapsed());
    }

    @Override
    public ReleaseEvent event() {
      return event;
    }

    @Override
    public @Nullable SwapResult problem() {
      return problem;
    }

    @Override
    public double millis() {
      return millis;
    }

    @Override
    public CompletableFuture<SwapResult> activate() {
      return CompletableFuture.supplyAsync(this::followed, swapper);
    }

    @Override
    public void close() {}
  }

  @Override
  public void close() {
    Threads.end(swapper);
  }
}
