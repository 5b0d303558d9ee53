package dev.millrace.model.swap;

import dev.millrace.model.base.DaemonThreads;
import dev.millrace.model.swap.SwapResult.Outcome;
import dev.millrace.schema.ReleaseEvent;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Events of one kind beside the adapters', in their order: what each names is fetched on a thread
 * of its own, then handed over there.
 */
final class EventLine<T> implements AutoCloseable {

  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  private final Fetch<T> fetch;
  private final Unread<T> unread;
  private final Switch<T> takes;
  private final ExecutorService swapper;

  /** What each alias follows; touched by the swapper's thread alone. */
  private final Map<Alias, ReleaseEvent> followed = new HashMap<>();

  /** What is followed and could not be fetched. */
  private final Map<Alias, Missing> missing = new ConcurrentHashMap<>();

  private volatile boolean closing;

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

  /** What is in the place of something that is followed and cannot be fetched. */
  interface Unread<T> {

    /**
     * Stands in for it.
     *
     * @param why as an answer's error
     */
    T of(ReleaseEvent event, long readMillis, String why);
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

  EventLine(String thread, Fetch<T> fetch, Unread<T> unread, Switch<T> takes) {
    this.fetch = fetch;
    this.unread = unread;
    this.takes = takes;
    this.swapper = Executors.newSingleThreadExecutor(t -> Threads.patient(t, thread));
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

  /**
   * Another try at what an alias follows and could not be fetched, or the one that is under way;
   * none where nothing is missing, or the last ended a moment ago.
   */
  CompletableFuture<@Nullable Void> tried(Alias alias) {
    Missing here = missing.get(alias);
    return here == null ? CompletableFuture.completedFuture(null) : here.tried();
  }

  private static String why(Throwable failure) {
    return String.valueOf(ReleaseRefusedException.because(failure).getMessage());
  }

  /** An event whose release could not be fetched. */
  private final class Missing {

    private final ReleaseEvent event;
    private final long readMillis;
    private CompletableFuture<@Nullable Void> trying = CompletableFuture.completedFuture(null);

    /** When the last try ended. */
    private volatile long triedNanos = System.nanoTime() - PAUSE_NANOS;

    Missing(ReleaseEvent event, long readMillis) {
      this.event = event;
      this.readMillis = readMillis;
    }

    synchronized CompletableFuture<@Nullable Void> tried() {
      if (trying.isDone() && System.nanoTime() - triedNanos > PAUSE_NANOS) {
        trying = CompletableFuture.runAsync(this::fetch, swapper);
      }
      return trying;
    }

    private void fetch() {
      Alias alias = Alias.of(event);
      if (closing || missing.get(alias) != this) {
        return; // or another event came meanwhile
      }
      try {
        takes.take(event, fetch.fetch(event, readMillis, true));
        missing.remove(alias);
      } catch (IOException | RuntimeException e) {
        takes.take(event, unread.of(event, readMillis, why(e)));
      } finally {
        triedNanos = System.nanoTime();
      }
    }
  }

  /** An event and what it names, fetched on the swapper's thread. */
  private final class Prepared implements Staged {

    private final long start = System.nanoTime();
    private ReleaseEvent event;
    private final long readMillis;
    private final @Nullable SwapResult problem;
    private @Nullable T fetched;
    private boolean same;
    private String why = "";
    private final double millis;

    Prepared(ReleaseEvent event, long readMillis, boolean restored) {
      this.event = event;
      this.readMillis = readMillis;
      this.problem = prepare(restored);
      this.millis = elapsed();
    }

    private @Nullable SwapResult prepare(boolean restored) {
      ReleaseEvent current = followed.get(Alias.of(event));
      String ignored = closing ? HotReleases.CLOSED : SwapRule.reasonNotToFollow(event, current);
      if (ignored != null) {
        return new SwapResult(event, Outcome.IGNORED, ignored, elapsed());
      }
      same = SwapRule.namesTheSame(event, current);
      if (same || event.release().isEmpty()) {
        return null;
      }
      try {
        fetched = fetch.fetch(event, readMillis, restored);
        return null;
      } catch (IOException | RuntimeException e) {
        if (!restored && !SwapRule.isFollowedUnread(event, current, e)) {
          return new SwapResult(event, Outcome.FAILED, why(e), elapsed());
        }
        why = why(e);
        event = restored ? event : SwapRule.unread(event, e);
        fetched = unread.of(event, readMillis, why);
        return null;
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
      Alias alias = Alias.of(event);
      followed.put(alias, SwapRule.followed(event, followed.get(alias)));
      if (!same) {
        take(alias);
      }
      return new SwapResult(event, Outcome.SWAPPED, why, elapsed());
    }

    private void take(Alias alias) {
      takes.take(event, fetched);
      if (why.isEmpty()) {
        missing.remove(alias);
      } else {
        missing.put(alias, new Missing(event, readMillis));
      }
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
    public String missing() {
      return why;
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

  /** Events whose turn has not come are passed over from now on. */
  void stop() {
    closing = true;
  }

  @Override
  public void close() {
    stop();
    DaemonThreads.end(swapper);
  }
}
