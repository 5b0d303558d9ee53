package dev.millrace.model.base;

import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;

/** Threads of one name that do not keep the process alive. */
public record DaemonThreads(String name) implements ThreadFactory {

  private static final Duration A_MINUTE = Duration.ofMinutes(1);

  @Override
  public Thread newThread(Runnable work) {
    Thread thread = new Thread(work, name);
    thread.setDaemon(true);
    return thread;
  }

  /** Returns when all that an executor was given is over, however long that takes. */
  public static void end(ExecutorService executor) {
    executor.shutdown();
    while (!end(executor, A_MINUTE)) {
      // What hangs must not lose what it uses.
    }
  }

  /**
   * Whether all that was begun ends within so long. Waits even if it is interrupted: what it uses
   * may be freed next.
   */
  public static boolean end(ExecutorService executor, Duration patience) {
    long deadline = System.nanoTime() + patience.toNanos();
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return executor.awaitTermination(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
