package dev.millrace.adapter.train;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * Threads that compute, with even shares of the processors; what they compute comes back in the
 * order of the work.
 */
public final class Workers implements AutoCloseable {
  private final ExecutorService threads;
  private final EvenShares shares = new EvenShares();

  public Workers(int count) {
    threads = Executors.newFixedThreadPool(count);
  }

  /** Does all of it; what one piece throws is thrown when all have ended. */
  public <T> List<T> inOrder(List<? extends Callable<T>> work) {
    try {
      List<T> done = new ArrayList<>();
      for (Future<T> future : threads.invokeAll(work.stream().map(shares::<T>among).toList())) {
        done.add(future.get());
      }
      return done;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw (CancellationException) new CancellationException("interrupted").initCause(e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw new IllegalStateException("a computation failed", e.getCause());
    }
  }

  /** Returns when the threads have ended: what they use may be freed afterwards. */
  @Override
  public void close() {
    shares.close();
    threads.shutdown();
    boolean interrupted = false;
    boolean ended = false;
    while (!ended) {
      try {
        ended = threads.awaitTermination(1, TimeUnit.MINUTES);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
