package dev.millrace.model.swap;

import dev.millrace.model.assign.Profile;
import dev.millrace.schema.ReleaseEvent;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A release that is known here, whether it is in memory or not. */
final class Registered {

  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  private final ReleaseEvent event;
  private final long readMillis;
  private volatile boolean read;

  /** When it could last not be read; null if it was never tried in vain. */
  private volatile @Nullable Long lostNanos;

  private volatile @Nullable Profile profile;

  /**
   * @param event how it became known
   * @param readMillis when that was read, epoch milliseconds
   */
  Registered(ReleaseEvent event, long readMillis) {
    this.event = event;
    this.readMillis = readMillis;
  }

  ReleaseEvent event() {
    return event;
  }

  String release() {
    return event.release();
  }

  Alias alias() {
    return Alias.of(event);
  }

  long readMillis() {
    return readMillis;
  }

  /** Notes what its domain's texts look like: once it was read, that is known for good. */
  void profiled(@Nullable Profile found) {
    profile = found;
    read = true;
  }

  /** Notes that it could not be read at that time; true the first time. */
  synchronized boolean lose(long nanos) {
    boolean first = lostNanos == null;
    lostNanos = nanos;
    return first;
  }

  /** Whether it could not be read a moment ago: who asks again and again costs nothing. */
  boolean isLost(long nanos) {
    Long last = lostNanos;
    return last != null && nanos - last < PAUSE_NANOS;
  }

  /** Whether it was ever read here. */
  boolean isRead() {
    return read;
  }

  /** What its domain's texts look like; null if nobody knows, or it was never read here. */
  @Nullable Profile profile() {
    return profile;
  }
}
