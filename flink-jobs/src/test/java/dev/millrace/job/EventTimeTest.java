package dev.millrace.job;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.io.RawRecord;
import dev.millrace.schema.Origin;
import dev.millrace.schema.wire.Codecs;
import dev.millrace.schema.wire.InvalidRecordException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.flink.api.common.eventtime.TimestampAssigner;
import org.apache.flink.api.common.eventtime.Watermark;
import org.apache.flink.api.common.eventtime.WatermarkGenerator;
import org.apache.flink.api.common.eventtime.WatermarkGeneratorSupplier;
import org.apache.flink.api.common.eventtime.WatermarkOutput;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.apache.flink.util.clock.RelativeClock;
import org.junit.jupiter.api.Test;

class EventTimeTest {

  private static final long APPENDED = 1_764_000_000_000L;
  private static final RawRecord JUNK =
      new RawRecord(new Origin("samples", 0, 4), APPENDED, null, new byte[] {1});

  @Test
  void sample_clockThatIsAhead_happenedWhenItWasAppended() throws InvalidRecordException {
    assertEquals(APPENDED, EventTime.sample(raw(1_000 * APPENDED)).eventTimeMillis());
    assertEquals(APPENDED, EventTime.sample(raw(Long.MAX_VALUE)).eventTimeMillis());
  }

  @Test
  void sample_noTime_happenedWhenItWasAppended() throws InvalidRecordException {
    assertEquals(APPENDED, EventTime.sample(raw(0)).eventTimeMillis());
  }

  @Test
  void sample_timeBeforeTheAppend_isBelieved() throws InvalidRecordException {
    assertEquals(1, EventTime.sample(raw(1)).eventTimeMillis());
    assertEquals(APPENDED - 1, EventTime.sample(raw(APPENDED - 1)).eventTimeMillis());
  }

  @Test
  void sample_otherTime_isTheSameInAllElse() throws InvalidRecordException {
    RawRecord raw = raw(2 * APPENDED);
    assertArrayEquals(
        raw(APPENDED).value(), Codecs.samples().encode(EventTime.sample(raw)), "its value");
    assertEquals(raw.origin(), EventTime.sample(raw).origin());
  }

  @Test
  void watermarks_anyClock_goByTheTimesOfTheSamples() throws InvalidRecordException {
    TimestampAssigner<RawRecord> times = EventTime.watermarks().createTimestampAssigner(null);
    for (long stated : new long[] {0, 1, APPENDED, Long.MAX_VALUE}) {
      RawRecord raw = raw(stated);
      assertEquals(EventTime.sample(raw).eventTimeMillis(), times.extractTimestamp(raw, APPENDED));
    }
    assertEquals(Long.MIN_VALUE, times.extractTimestamp(JUNK, APPENDED), "it moves no clock");
  }

  /** A partition that somebody fills with junk. */
  @Test
  void watermarks_junkAlone_holdsNobodyBack() {
    AtomicLong now = new AtomicLong();
    Watermarks seen = new Watermarks();
    WatermarkGenerator<RawRecord> generator =
        EventTime.watermarks().createWatermarkGenerator(context(now));
    generator.onEvent(raw(0), APPENDED, seen);
    generator.onPeriodicEmit(seen);
    assertEquals(List.of(APPENDED - 1001), seen.emitted);
    for (int i = 0; i < 10; i++) {
      now.addAndGet(TimeUnit.SECONDS.toNanos(1));
      generator.onEvent(JUNK, Long.MIN_VALUE, seen);
      generator.onPeriodicEmit(seen);
    }
    assertTrue(seen.idle);
    generator.onEvent(raw(0), APPENDED + 5, seen);
    generator.onPeriodicEmit(seen);
    assertEquals(APPENDED - 996, seen.emitted.get(seen.emitted.size() - 1));
  }

  private static final class Watermarks implements WatermarkOutput {
    private final List<Long> emitted = new ArrayList<>();
    private boolean idle;

    @Override
    public void emitWatermark(Watermark watermark) {
      emitted.add(watermark.getTimestamp());
    }

    @Override
    public void markIdle() {
      idle = true;
    }

    @Override
    public void markActive() {
      idle = false;
    }
  }

  private static WatermarkGeneratorSupplier.Context context(AtomicLong nanos) {
    return new WatermarkGeneratorSupplier.Context() {
      @Override
      public MetricGroup getMetricGroup() {
        return new UnregisteredMetricsGroup();
      }

      @Override
      public RelativeClock getInputActivityClock() {
        return new RelativeClock() {
          @Override
          public long relativeTimeMillis() {
            return TimeUnit.NANOSECONDS.toMillis(nanos.get());
          }

          @Override
          public long relativeTimeNanos() {
            return nanos.get();
          }
        };
      }
    };
  }

  private static RawRecord raw(long eventTimeMillis) {
    byte[] value = Codecs.samples().encode(Feed.sample("s", "cloud", "a text", eventTimeMillis));
    return new RawRecord(new Origin("samples", 0, 3), APPENDED, null, value);
  }
}
