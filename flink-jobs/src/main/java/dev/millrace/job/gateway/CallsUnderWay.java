package dev.millrace.job.gateway;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * The calls that are being served: whoever closes the door lets no more in, and waits for these.
 */
final class CallsUnderWay {

  private int calls;
  private boolean ending;

  /**
   * Lets one in; it must {@link #leave}.
   *
   * @throws ApiProblem if the door is being closed
   */
  synchronized void enter() {
    if (ending) {
      throw ApiProblem.ending();
    }
    calls++;
  }

  synchronized void leave() {
    calls--;
    notifyAll();
  }

  synchronized boolean isEnding() {
    return ending;
  }

  /** Lets no more in, and waits for so long; gives how many are still there. */
  synchronized int end(Duration most) throws InterruptedException {
    ending = true;
    long until = System.nanoTime() + most.toNanos();
    for (long left = most.toNanos(); calls > 0 && left > 0; left = until - System.nanoTime()) {
      TimeUnit.NANOSECONDS.timedWait(this, left);
    }
    return calls;
  }
}
