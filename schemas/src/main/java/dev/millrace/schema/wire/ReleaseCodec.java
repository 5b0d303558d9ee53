package dev.millrace.schema.wire;

import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Release events, but of no trainer that was submitted after its event was appended: it would fence
 * off every other one until that time.
 */
record ReleaseCodec(Codec<ReleaseEvent> events) implements Codec<ReleaseEvent> {

  /** How far clocks may be apart: that of who submits a job, and that of its events' records. */
  private static final Duration APART = Duration.ofDays(1);

  @Override
  public byte[] encode(ReleaseEvent event) {
    return events.encode(event);
  }

  @Override
  public ReleaseEvent decode(byte @Nullable [] bytes, Origin origin) throws InvalidRecordException {
    return events.decode(bytes, origin);
  }

  @Override
  public ReleaseEvent decode(byte @Nullable [] bytes, Origin origin, long appendedMillis)
      throws InvalidRecordException {
    ReleaseEvent event = decode(bytes, origin);
    if (event.epoch() - APART.toMillis() > appendedMillis) {
      String detail =
          "epoch is %s, expected at most a day after its record's time, %s"
              .formatted(Instant.ofEpochMilli(event.epoch()), Instant.ofEpochMilli(appendedMillis));
      throw new InvalidRecordException(
          new Problem("bad-time", detail), event.release(), event.domain());
    }
    return event;
  }
}
