package dev.millrace.job.io;

import java.time.Duration;

/**
 * How long a broker has said nothing while it was asked: the time in which nobody came to ask, or
 * came late to what it had said, is none of its silence. One thread asks.
 */
final class Silence {

  private double responses;
  private volatile long nanos;

  /**
   * It was asked once more.
   *
   * @param responses what it had said in all by then
   * @param tookNanos how long whoever asked was at it
   * @param patience how long that was to be at most
   */
  void asked(double responses, long tookNanos, Duration patience) {
    long more = Math.min(tookNanos, patience.toNanos());
    long before = nanos;
    nanos = responses == this.responses ? before + more : 0;
    this.responses = responses;
  }

  long nanos() {
    return nanos;
  }
}
