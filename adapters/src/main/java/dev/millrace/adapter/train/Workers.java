package dev.millrace.adapter.train;

import dev.millrace.model.base.DaemonThreads;
import dev.millrace.model.base.Foreground;
import dev.millrace.model.base.Foreground.GivingWay;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadFactory;

/**
 * Threads that compute; what they compute comes back in the order of the work. They and the thread
 * that opens and closes them leave a processor to an answer that is computed on it.
 */
public final class Workers implements AutoCloseable {
  private final ExecutorService threads;
  private final GivingWay opener;

  public Workers(int count) {
    Foreground foreground = Foreground.ofProcess();
    ThreadFactory plain = Executors.defaultThreadFactory();
    opener = foreground.giveWay();
    threads =
        Executors.newFixedThreadPool(count, work -> plain.newThread(() -> run(work, foreground)));
  }

  private static void run(Runnable work, Foreground foreground) {
    GivingWay thread = foreground.giveWay();
    try {
      work.run();
    } finally {
      thread.close();
    }
  }

  /** Does all of it; what one piece throws is thrown when all have ended. */
  public <T> List<T> inOrder(List<? extends Callable<T>> work) {
    try {
      List<T> done = new ArrayList<>();
      for (Future<T> future : threads.invokeAll(work)) {
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
    opener.close();
    DaemonThreads.end(threads);
  }
}
