package dev.millrace.job.bench.serve;

import dev.millrace.schema.ReleaseEvent;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Makes one release after another ready or current, at a steady pace. */
final class Swapper {

  private static final long NANOS = 1_000_000_000L;

  private final SwapLoad load;
  private final List<ReleaseEvent> events;
  private final int perSecond;
  private int swaps;
  private int turn;

  Swapper(SwapLoad load, List<ReleaseEvent> events, int perSecond) {
    this.load = load;
    this.events = events;
    this.perSecond = perSecond;
  }

  /** Swaps so far. */
  int swaps() {
    return swaps;
  }

  /** Swaps so often while something is done again and again; how often that was, a second. */
  double during(int count, Supplier<?> work) {
    swaps += count;
    return beside(count, load::swap, work);
  }

  /** The same with releases that are made ready so often, and dropped. */
  double staging(int count, Supplier<?> work) {
    return beside(count, load::stage, work);
  }

  private double beside(int count, Consumer<ReleaseEvent> step, Supplier<?> work) {
    CompletableFuture<Void> swapping = CompletableFuture.runAsync(() -> steadily(count, step));
    double rate = repeat(work, () -> !swapping.isDone());
    try {
      swapping.join();
    } catch (CompletionException e) {
      throw new IllegalStateException("a swap failed", e.getCause());
    }
    return rate;
  }

  /** The same for as long, without a swap. */
  double without(int count, Supplier<?> work) {
    long end = System.nanoTime() + count * NANOS / perSecond;
    return repeat(work, () -> System.nanoTime() - end < 0);
  }

  private static double repeat(Supplier<?> work, BooleanSupplier goesOn) {
    long start = System.nanoTime();
    int times = 0;
    do {
      var unused = work.get();
      times++;
    } while (goesOn.getAsBoolean());
    return times * (double) NANOS / (System.nanoTime() - start);
  }

  private void steadily(int count, Consumer<ReleaseEvent> step) {
    long start = System.nanoTime();
    for (int i = 0; i < count; i++) {
      long due = start + i * NANOS / perSecond;
      while (due - System.nanoTime() > 0) {
        LockSupport.parkNanos(due - System.nanoTime());
      }
      step.accept(events.get(turn++ % events.size()));
    }
  }
}
