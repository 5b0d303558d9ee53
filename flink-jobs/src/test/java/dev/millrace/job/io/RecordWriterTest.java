package dev.millrace.job.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.millrace.job.config.KafkaConfig;
import dev.millrace.job.config.MillraceConfig;
import java.util.Map;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

class RecordWriterTest {

  private static final String SAYS = "broker 127.0.0.1:1, expected one that answers";

  /** Whose producer says that the topic is not present. */
  @Test
  void append_nobodyAnswers_saysWhichBrokerAndNotThatATopicIsMissing() {
    KafkaConfig nobody =
        MillraceConfig.defaults()
            .with(Map.of("kafka.bootstrap", "127.0.0.1:1", "kafka.client.max.block.ms", "200"))
            .kafka();
    try (RecordWriter writer = new RecordWriter(nobody)) {
      CompletionException failed =
          assertThrows(
              CompletionException.class, () -> writer.append("t", null, new byte[1]).join());
      assertEquals(SAYS, failed.getCause().getMessage());
      IllegalStateException awaited =
          assertThrows(IllegalStateException.class, () -> writer.awaitTopic("t", said -> {}));
      assertEquals(SAYS, awaited.getMessage());
    }
  }
}
