package dev.millrace.job;

import dev.millrace.job.io.RawRecord;
import dev.millrace.schema.wire.Codecs;
import dev.millrace.schema.wire.InvalidRecordException;
import java.time.Duration;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;

/**
 * Watermarks of the samples topic, a partition at a time: a partition that is read later holds them
 * back, one without records does not.
 */
final class EventTime {
  private static final Duration OUT_OF_ORDER = Duration.ofSeconds(1);
  private static final Duration IDLE = Duration.ofSeconds(5);

  private EventTime() {}

  static WatermarkStrategy<RawRecord> watermarks() {
    return WatermarkStrategy.<RawRecord>forBoundedOutOfOrderness(OUT_OF_ORDER)
        .withTimestampAssigner((raw, timestamp) -> millis(raw))
        .withIdleness(IDLE);
  }

  /** When it happened, but never after it was appended: a wrong clock must not close batches. */
  private static long millis(RawRecord raw) {
    try {
      long happened = Codecs.samples().decode(raw.value(), raw.origin()).eventTimeMillis();
      return Math.min(happened, raw.timestamp());
    } catch (InvalidRecordException e) {
      return Long.MIN_VALUE; // it is refused, and moves no clock
    }
  }
}
