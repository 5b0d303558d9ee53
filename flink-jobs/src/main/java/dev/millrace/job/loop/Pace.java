package dev.millrace.job.loop;

import java.time.Duration;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;

/** Waits for conditions that other threads bring about. */
final class Pace {

  private static final long LOOK_MILLIS = 50;

  private final Object bell = new Object();

  /** Says that something may have changed. */
  void ring() {
    synchronized (bell) {
      bell.notifyAll();
    }
  }

  /** Waits until a condition holds, however long; false if the deadline passed before. */
  boolean await(BooleanSupplier condition, long deadlineNanos) throws InterruptedException {
    synchronized (bell) {
      while (!condition.getAsBoolean()) {
        if (System.nanoTime() - deadlineNanos >= 0) {
          return false;
        }
        bell.wait(LOOK_MILLIS);
      }
      return true;
    }
  }

  /** Waits until a condition holds. */
  void require(String what, Duration patience, BooleanSupplier condition)
      throws InterruptedException, TimeoutException {
    if (!await(condition, System.nanoTime() + patience.toNanos())) {
      throw new TimeoutException(what + ": not within " + patience.toSeconds() + " s");
    }
  }
}
