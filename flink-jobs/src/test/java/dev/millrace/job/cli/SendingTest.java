package dev.millrace.job.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.io.RecordWriter;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SendingTest {

  private final StringWriter told = new StringWriter();

  private Sending toNobody() {
    MillraceConfig config =
        MillraceConfig.defaults().with(Map.of("kafka.bootstrap", "127.0.0.1:1"));
    return new Sending(new RecordWriter(config.kafka()), "samples", new PrintWriter(told, true));
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
