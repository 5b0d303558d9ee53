package dev.millrace.job.io;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.LogLines;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Sample;
import dev.millrace.schema.wire.Codecs;
import org.junit.jupiter.api.Test;

class TailTest {

  @Test
  void hand_tenThousandThatCannotBeDecoded_theLogNamesAFew() {
    try (LogLines lines = LogLines.of(Tail.class)) {
      Tail<?> tail = new Tail<>("samples", null, Codecs.samples(), (sample, at) -> {});
      for (int offset = 0; offset < 10_000; offset++) {
        Origin origin = new Origin("samples", 0, offset);
        tail.hand(new RawRecord(origin, 0, null, "{\"id\": 1}".getBytes(UTF_8)));
      }
      assertEquals(14, lines.said().size(), lines.said().toString());
      String last = lines.said().get(13);
      assertTrue(last.contains("the 8192. so far: not-avro"), last);
    }
  }

  @Test
  void hand_sinkFails_goesOn() {
    Tail<?> tail =
        new Tail<>(
            "samples",
            null,
            Codecs.samples(),
            (sample, at) -> {
              throw new IllegalStateException("no place for it");
            });
    Sample sample = Sample.ofText("a", "mails", "a", "d", "b", 0, Origin.UNWRITTEN);
    tail.hand(new RawRecord(new Origin("samples", 0, 0), 0, null, Codecs.samples().encode(sample)));
  }
}
