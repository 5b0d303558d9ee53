package dev.millrace.job.io;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Leaves a service alone for a while after it failed; then one caller tries it. Safe for use by
 * several threads.
 */
final class Breaker {

  private static final Logger LOG = LoggerFactory.getLogger(Breaker.class);

  private final String service;
  private final long backoffNanos;
  private final LongSupplier nanoClock;
  private final AtomicBoolean down = new AtomicBoolean();
  private final AtomicLong retryAt = new AtomicLong();

  Breaker(String service, long backoffNanos, LongSupplier nanoClock) {
    this.service = service;
    this.backoffNanos = backoffNanos;
    this.nanoClock = nanoClock;
  }

  /** Whether to call the service now; the answer to a call goes to {@link #up} or {@link #down}. */
  boolean allows() {
    if (!down.get()) {
      return true;
    }
    long now = nanoClock.getAsLong();
    long due = retryAt.get();
    return now - due >= 0 && retryAt.compareAndSet(due, now + backoffNanos);
  }

  void up() {
    if (down.get() && down.compareAndSet(true, false)) {
      LOG.warn("{} is back", service);
    }
  }

  void down(Exception failure) {
    retryAt.set(nanoClock.getAsLong() + backoffNanos);
    if (down.compareAndSet(false, true)) {
      LOG.warn("{} is down, going on without it: {}", service, failure.toString());
    }
  }

  boolean isDown() {
    return down.get();
  }
}
