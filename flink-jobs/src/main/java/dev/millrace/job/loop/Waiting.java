package dev.millrace.job.loop;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Waits for conditions that other threads bring about. */
final class Waiting {

  private static final long LOOK_MILLIS = 50;

  private final Object bell = new Object();
  private final LongSupplier nanos;
  private volatile long cameNanos;
  private final AtomicReference<@Nullable DeadJobException> dead = new AtomicReference<>();

  Waiting() {
    this(System::nanoTime);
  }

  Waiting(LongSupplier nanos) {
    this.nanos = nanos;
    cameNanos = nanos.getAsLong();
  }

  /** Says that a record has come: patience begins anew. */
  void came() {
    cameNanos = nanos.getAsLong();
  }

  /** Says that something may have changed. */
  void ring() {
    synchronized (bell) {
      bell.notifyAll();
    }
  }

  /** Ends all waiting, present and future, once a job has failed for good. */
  void watch(String job, CompletableFuture<?> result) {
    var unused =
        result.whenComplete(
            (done, failure) -> {
              if (failure != null) {
                dead.compareAndSet(null, new DeadJobException(job, failure));
                ring();
              }
            });
  }

  /**
   * Waits until a condition holds, however long; false if the deadline passed before.
   *
   * @throws DeadJobException if a job has failed for good
   */
  boolean await(BooleanSupplier condition, long deadlineNanos) throws InterruptedException {
    synchronized (bell) {
      while (!condition.getAsBoolean()) {
        DeadJobException failure = dead.get();
        if (failure != null) {
          throw new DeadJobException(failure);
        }
        if (nanos.getAsLong() - deadlineNanos >= 0) {
          return false;
        }
        bell.wait(LOOK_MILLIS);
      }
      return true;
    }
  }

  /** Waits until a condition holds, on a slow machine for as long as records come. */
  void require(String what, Duration patience, BooleanSupplier condition)
      throws InterruptedException, TimeoutException {
    long since = nanos.getAsLong();
    while (!await(condition, since + patience.toNanos())) {
      long came = cameNanos;
      if (came - since <= 0) {
        throw new TimeoutException(
            what + ", expected it or any record within " + patience.toSeconds() + " s");
      }
      since = came;
    }
  }
}
