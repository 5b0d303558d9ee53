package dev.millrace.job.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.millrace.job.StreamRecords;
import dev.millrace.job.io.RawRecord;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.wire.Codecs;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReleaseTopicTest {

  @Test
  void decoded_valuesThatAreNoEvents_areCounted() {
    ReleaseEvent event = StreamRecords.event("java", Action.PIN, "a", 0, 1);
    List<Origin> undecoded = new ArrayList<>();
    List<ReleaseEvent> events =
        ReleaseTopic.decoded(
            List.of(
                record(0, new byte[] {1}),
                record(1, Codecs.releases().encode(event)),
                record(2, null),
                record(3, Codecs.releases().encode(event.withEpoch(Long.MAX_VALUE)))),
            undecoded::add);
    assertEquals(List.of(event), events);
    assertEquals(List.of(at(0), at(3)), undecoded);
    assertNull(ReleaseTopic.reasonNotToDelete(List.of()));
    assertEquals(
        "2 events of releases cannot be decoded, the first at offset 0, expected none: no release is deleted",
        ReleaseTopic.reasonNotToDelete(undecoded));
  }

  private static RawRecord record(long offset, byte[] value) {
    return new RawRecord(at(offset), 0, null, value);
  }

  private static Origin at(long offset) {
    return new Origin("releases", 0, offset);
  }
}
