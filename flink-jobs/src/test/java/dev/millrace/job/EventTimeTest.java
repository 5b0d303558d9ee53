package dev.millrace.job;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.job.io.RawRecord;
import dev.millrace.schema.Origin;
import dev.millrace.schema.wire.Codecs;
import dev.millrace.schema.wire.InvalidRecordException;
import org.apache.flink.api.common.eventtime.TimestampAssigner;
import org.junit.jupiter.api.Test;

class EventTimeTest {

  private static final long APPENDED = 1_764_000_000_000L;

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
    RawRecord junk = new RawRecord(raw(1).origin(), APPENDED, null, new byte[] {1});
    assertEquals(Long.MIN_VALUE, times.extractTimestamp(junk, APPENDED), "it moves no clock");
  }

  private static RawRecord raw(long eventTimeMillis) {
    byte[] value = Codecs.samples().encode(Feed.sample("s", "cloud", "a text", eventTimeMillis));
    return new RawRecord(new Origin("samples", 0, 3), APPENDED, null, value);
  }
}
