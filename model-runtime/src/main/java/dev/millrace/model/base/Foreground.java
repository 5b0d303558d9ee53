package dev.millrace.model.base;

import java.util.concurrent.TimeUnit;

/**
 * Whether somebody waits for what is being computed, such as an answer; what can wait itself gives
 * way. Safe for use by several threads.
 */
public final class Foreground {

  private static final Foreground OF_PROCESS = new Foreground();

  private int busy;

  /** That of this process: all jobs in it share its processors. */
  public static Foreground ofProcess() {
    return OF_PROCESS;
  }

  /** Somebody begins to compute what is waited for. */
  public synchronized void begin() {
    busy++;
  }

  /** Who began has nothing to compute any more. */
  public synchronized void end() {
    busy--;
    if (busy < 0) {
      throw new IllegalStateException("ended more often than begun");
    }
    if (busy == 0) {
      notifyAll();
    }
  }

  public synchronized boolean isBusy() {
    return busy > 0;
  }

  /** Returns as soon as nobody waits for anything, and after so long whatever is waited for. */
  public synchronized void awaitQuiet(long millis) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    for (long left = end - System.nanoTime();
        busy > 0 && left > 0;
        left = end - System.nanoTime()) {
      TimeUnit.NANOSECONDS.timedWait(this, left);
    }
  }
}
