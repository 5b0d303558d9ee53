package dev.millrace.job;

import dev.millrace.job.io.RawRecord;
import dev.millrace.schema.Sample;
import dev.millrace.schema.wire.Codecs;
import dev.millrace.schema.wire.InvalidRecordException;
import java.time.Duration;
import org.apache.flink.api.common.eventtime.BoundedOutOfOrdernessWatermarks;
import org.apache.flink.api.common.eventtime.WatermarkGenerator;
import org.apache.flink.api.common.eventtime.WatermarkOutput;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.eventtime.WatermarksWithIdleness;

/** When samples happened, as far as their clients are believed, and watermarks by that. */
final class EventTime {
  private static final Duration OUT_OF_ORDER = Duration.ofSeconds(1);
  private static final Duration IDLE = Duration.ofSeconds(5);
  private static final long NO_SAMPLE = Long.MIN_VALUE;

  private EventTime() {}

  /**
   * Of the samples topic, a partition at a time: a partition that is read later holds them back,
   * one without samples does not.
   */
  static WatermarkStrategy<RawRecord> watermarks() {
    return WatermarkStrategy.<RawRecord>forGenerator(
            context ->
                new OfSamples(
                    new WatermarksWithIdleness<>(
                        new BoundedOutOfOrdernessWatermarks<>(OUT_OF_ORDER),
                        IDLE,
                        context.getInputActivityClock())))
        .withTimestampAssigner((raw, timestamp) -> millis(raw));
  }

  /** What is no sample neither moves a clock nor keeps it from being idle. */
  private record OfSamples(WatermarkGenerator<RawRecord> watermarks)
      implements WatermarkGenerator<RawRecord> {

    @Override
    public void onEvent(RawRecord raw, long timestamp, WatermarkOutput output) {
      if (timestamp != NO_SAMPLE) {
        watermarks.onEvent(raw, timestamp, output);
      }
    }

    @Override
    public void onPeriodicEmit(WatermarkOutput output) {
      watermarks.onPeriodicEmit(output);
    }
  }

  /** A record's sample, which happened when it was appended if it does not say when. */
  static Sample sample(RawRecord raw) throws InvalidRecordException {
    Sample sample = Codecs.samples().decode(raw.value(), raw.origin());
    return sample.withEventTime(happened(sample.eventTimeMillis(), raw.timestamp()));
  }

  /** Never after the append: a wrong clock must neither close batches nor use up quotas. */
  private static long happened(long stated, long appended) {
    return stated == 0 ? appended : Math.min(stated, appended);
  }

  private static long millis(RawRecord raw) {
    try {
      return sample(raw).eventTimeMillis();
    } catch (InvalidRecordException e) {
      return NO_SAMPLE; // it is refused
    }
  }
}
