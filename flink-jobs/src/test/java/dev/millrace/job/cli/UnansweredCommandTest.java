package dev.millrace.job.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.io.RawRecord;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Request;
import dev.millrace.schema.Request.Task;
import dev.millrace.schema.wire.Codecs;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class UnansweredCommandTest {

  @Test
  void add_requestHasExpiredMeanwhile_isNotYoung() {
    UnansweredCommand.Listing listing = new UnansweredCommand.Listing(1_000, 0);
    listing.add(
        List.of(place(0), place(1), place(2)),
        Map.of(place(1), asked(1, 900), place(2), asked(2, 1_100)));
    assertEquals(1, listing.young());
    assertTrue(listing.expired());
    assertEquals(
        List.of(1L), listing.sorted().stream().map(UnansweredCommand.Line::offset).toList());
  }

  private static Origin place(long offset) {
    return new Origin("requests", 0, offset);
  }

  private static RawRecord asked(long offset, long atMillis) {
    Request request = Request.builder("r" + offset, Task.SCORE, "text").eventTimeMillis(0).build();
    return new RawRecord(place(offset), atMillis, null, Codecs.requests().encode(request));
  }
}
