package dev.millrace.adapter.train;

import dev.millrace.model.base.ThreadPlace;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;

/**
 * Has threads that wait for each other share what others take of the processors: one that has
 * missed much more than another changes places with it. A thread that answers wakes where it slept,
 * so one of them alone would be held up, and all the others would wait for it. Only when something
 * is computed changes by it.
 */
final class EvenShares implements AutoCloseable {

  /** A change of places costs each a processor's caches, about a millisecond. */
  private static final long TOLERATED = TimeUnit.MILLISECONDS.toNanos(12);

  private static final long PERIOD_MILLIS = 10;

  private final List<Runner> running = new ArrayList<>();
  private boolean closed;

  /** A thread that computes. */
  interface Runner {

    /** Nanoseconds since it began in which it did not run. */
    long missed();

    int processor();

    void move(int processor);
  }

  EvenShares() {
    Thread watch = new Thread(this::watch, "even-shares");
    watch.setDaemon(true);
    watch.start();
  }

  /**
   * The same work, whose thread has its share while it is done, if it gives way to others: one that
   * does not would be moved to where it holds up an answer.
   */
  <T> Callable<T> among(Callable<T> work) {
    return () -> {
      Optional<Runner> runner =
          ThreadPlace.ofThisThread().filter(ThreadPlace::givesWay).map(PlacedRunner::begin);
      runner.ifPresent(this::add);
      try {
        return work.call();
      } finally {
        runner.ifPresent(this::remove);
      }
    };
  }

  private synchronized void add(Runner runner) {
    running.add(runner);
    notifyAll();
  }

  private synchronized void remove(Runner runner) {
    running.remove(runner);
  }

  private synchronized void watch() {
    try {
      while (!closed) {
        wait(running.size() < 2 ? 0 : PERIOD_MILLIS);
        even(running);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Who has missed most and who has missed least change places, if that is much. */
  static void even(Collection<? extends Runner> running) {
    if (running.size() < 2) {
      return;
    }
    Comparator<Runner> byMissed = Comparator.comparingLong(Runner::missed);
    Runner most = running.stream().max(byMissed).orElseThrow();
    Runner least = running.stream().min(byMissed).orElseThrow();
    if (most.missed() - least.missed() > TOLERATED) {
      int processor = most.processor();
      most.move(least.processor());
      least.move(processor);
    }
  }

  @Override
  public synchronized void close() {
    closed = true;
    notifyAll();
  }

  /**
   * @param ahead how far the clock was ahead of the thread's processor time when it began
   */
  private record PlacedRunner(ThreadPlace place, long thread, long ahead) implements Runner {

    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    static Runner begin(ThreadPlace place) {
      long thread = Thread.currentThread().getId();
      return new PlacedRunner(place, thread, ahead(thread));
    }

    private static long ahead(long thread) {
      return System.nanoTime() - THREADS.getThreadCpuTime(thread);
    }

    @Override
    public long missed() {
      return ahead(thread) - ahead;
    }

    @Override
    public int processor() {
      return place.processor();
    }

    @Override
    public void move(int processor) {
      place.move(processor);
    }
  }
}
