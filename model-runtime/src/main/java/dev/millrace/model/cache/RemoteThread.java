package dev.millrace.model.cache;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.millrace.model.base.DaemonThreads;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** A thread that talks to a store elsewhere; started when it is needed, with a bounded line. */
final class RemoteThread {

  private static final int WAITING = 4096;
  private static final Duration PATIENCE = Duration.ofMinutes(1);
  private static final long LATE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private RemoteThread() {}

  static ExecutorService start(String name) {
    return new ThreadPoolExecutor(
        1, 1, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>(WAITING), new DaemonThreads(name));
  }

  /**
   * Whether what is to be done has waited so long that it goes on without the store, which is slow,
   * or asked by many.
   *
   * @param asked when it began to wait
   */
  static boolean isLate(long asked, Ticker ticker) {
    return ticker.read() - asked > LATE_NANOS;
  }

  /** Ends it; waits for a call that it may be inside, which has a time limit of its own. */
  static void end(ExecutorService thread) {
    thread.shutdownNow();
    if (!DaemonThreads.end(thread, PATIENCE)) {
      throw new IllegalStateException("a store did not answer for " + PATIENCE.toSeconds() + " s");
    }
  }
}
