package dev.millrace.job.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.millrace.job.KafkaConfigs;
import dev.millrace.job.io.RecordWriter;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class SendingTest {

  private final StringWriter told = new StringWriter();

  private Sending toNobody() {
    RecordWriter writer = new RecordWriter(KafkaConfigs.of(KafkaConfigs.NOBODY));
    return new Sending(writer, "samples", new PrintWriter(told, true));
  }

  /** As Ctrl-C does: the process ends, and the thread that sends goes on meanwhile. */
  @Test
  void end_inTheMidstOfSending_isToldOnce() {
    try (Sending sending = toNobody()) {
      sending.end();
      assertThrows(IllegalStateException.class, () -> sending.send("line 7", null, new byte[1]));
      sending.end();
      assertEquals("0 records written to samples", told.toString().strip());
    }
  }
}
