package dev.millrace.job;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.job.io.RawRecord;
import dev.millrace.job.operator.Decode;
import dev.millrace.job.operator.KeyedRequest;
import dev.millrace.job.operator.Outputs;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Rejection;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.wire.Codecs;
import dev.millrace.schema.wire.Limits;
import java.util.List;
import java.util.Objects;
import org.apache.flink.streaming.api.operators.ProcessOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ServeJobTest {

  /** The sink could not write their answers, and the job would fail by them again and again. */
  @Test
  void decodeRequests_keyOrIdOfMegabytes_isRejectedAndTheNextIsRead() throws Exception {
    try (var harness =
        new OneInputStreamOperatorTestHarness<>(
            new ProcessOperator<>(new Decode<>(KeyedRequest::of)))) {
      harness.open();
      harness.processElement(record(0, null, "q".repeat(9 << 20)));
      harness.processElement(record(1, new byte[1 << 20], "long key"));
      harness.processElement(record(2, new byte[Limits.ID_BYTES], "good"));
      assertEquals(
          List.of("good"),
          harness.extractOutputValues().stream().map(read -> read.request().id()).toList());
      List<Rejection> rejected =
          harness.getSideOutput(Outputs.REJECTED).stream()
              .map(StreamRecord::getValue)
              .map(Objects::requireNonNull)
              .toList();
      assertEquals(
          List.of("too-long", "too-long"), rejected.stream().map(Rejection::reason).toList());
      assertEquals("q".repeat(Limits.ID_BYTES) + "…", rejected.get(0).id());
      assertEquals("key has 1048576 bytes, expected at most 512", rejected.get(1).detail());
      assertEquals(new Origin("requests", 0, 1), rejected.get(1).origin());
    }
  }

  /** Learn forgets; state would hold thousands of ids for each domain that was told. */
  @Test
  void decodeReleases_orderToForget_keepsNoIds() throws Exception {
    ReleaseEvent order = StreamRecords.event("cloud", Action.FORGET, "", 0, 3);
    byte[] value = Codecs.releases().encode(order.forgetting(List.of("a", "b")));
    RawRecord raw = new RawRecord(order.origin(), 0, null, value);
    assertEquals(order, ServeJob.release(raw));
  }

  private static StreamRecord<RawRecord> record(long offset, byte @Nullable [] key, String id) {
    byte[] value = Codecs.requests().encode(Feed.request(id, "cloud", "prompt"));
    return new StreamRecord<>(new RawRecord(new Origin("requests", 0, offset), 0, key, value));
  }
}
