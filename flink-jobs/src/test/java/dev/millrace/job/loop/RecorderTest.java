package dev.millrace.job.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.job.io.RawRecord;
import dev.millrace.job.io.Topics;
import dev.millrace.job.report.Recording;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Rejection;
import dev.millrace.schema.Sample;
import dev.millrace.schema.wire.Codecs;
import java.util.List;
import org.junit.jupiter.api.Test;

class RecorderTest {

  private static final Topics TOPICS = new Topics("t.");

  /** A topic holds the texts and pictures of a week. */
  @Test
  void add_oneSampleIsSought_othersAreNotKept() {
    Recording all = recorded(new Recorder(TOPICS));
    assertEquals(List.of(4, 2), List.of(all.samples().size(), all.rejections().size()));
    Recording sought = recorded(new Recorder(TOPICS, "sought"));
    assertEquals(List.of(2, 1), List.of(sought.samples().size(), sought.rejections().size()));
    assertEquals(1, sought.samples().get(0).origin().offset());
    assertEquals(1, sought.rejections().get(0).value().origin().offset());
  }

  private static Recording recorded(Recorder recorder) {
    recorder.add(sample("other", 0), 0);
    recorder.add(sample("sought", 1), 0);
    recorder.add(sample("sought", 2), 0);
    recorder.add(raw(TOPICS.samples(), 3, new byte[] {7}), 0);
    recorder.add(rejection("other", 0), 0);
    recorder.add(rejection("sought", 1), 0);
    return recorder.recording();
  }

  private static RawRecord sample(String id, long offset) {
    Sample sample = Sample.ofText(id, "test", "d", "java", "text", 1, Origin.UNWRITTEN);
    return raw(TOPICS.samples(), offset, Codecs.samples().encode(sample));
  }

  private static RawRecord rejection(String id, long offset) {
    Origin origin = new Origin(TOPICS.samples(), 0, offset);
    Rejection rejection = new Rejection(origin, id, "java", "too-short", "3 bytes", Double.NaN);
    return raw(TOPICS.rejected(), offset, Codecs.rejections().encode(rejection));
  }

  private static RawRecord raw(String topic, long offset, byte[] value) {
    return new RawRecord(new Origin(topic, 0, offset), 0, null, value);
  }
}
