package dev.millrace.job.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.millrace.job.KafkaConfigs;
import dev.millrace.job.chaos.FailingBroker;
import dev.millrace.job.config.KafkaConfig;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import javax.management.MalformedObjectNameException;
import javax.management.ObjectName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 5, unit = TimeUnit.MINUTES)
class RecordReaderIT {

  @TempDir private Path folder;

  /** Whoever reads would wait for ever, and be told nothing. */
  @Test
  void readToEnd_brokerDiesMidway_saysWhatItDidNotGive() throws Exception {
    try (FailingBroker broker = FailingBroker.start(folder)) {
      KafkaConfig config = // a record at a time
          KafkaConfigs.of(
              broker.bootstrapServers(), Map.of("kafka.client.max.partition.fetch.bytes", "1"));
      String topic = Topics.create(config, 1).samples();
      try (RecordWriter writer = new RecordWriter(config);
          RecordReader reader = RecordReader.fromBeginning(config, List.of(topic))) {
        for (int i = 0; i < 10; i++) {
          writer.append(topic, "k", new byte[1_000]).join();
        }
        List<RawRecord> read = new ArrayList<>();
        Exception e =
            assertThrows(
                IllegalStateException.class,
                () ->
                    reader.readToEnd(
                        record -> {
                          broker.die();
                          read.add(record);
                        },
                        Duration.ofSeconds(2)));
        assertEquals(
            "broker %s gave nothing for 2 s, expected %s partition 0 from offset %d to 10, is it running?"
                .formatted(broker.bootstrapServers(), topic, read.size()),
            e.getMessage());
      }
    }
  }

  /** Without time for an answer the end is never known. */
  @Test
  void fromEnd_theEndIsNotKnown_leavesNoClientBehind() throws Exception {
    try (FailingBroker broker = FailingBroker.start(folder)) {
      String topic = Topics.create(KafkaConfigs.of(broker.bootstrapServers()), 1).samples();
      KafkaConfig config =
          KafkaConfigs.of(
              broker.bootstrapServers(),
              Map.of(
                  "kafka.client.client.id", "left-behind",
                  "kafka.client.default.api.timeout.ms", "0"));
      Exception e =
          assertThrows(
              IllegalStateException.class, () -> RecordReader.fromEnd(config, List.of(topic)));
      assertEquals(
          "broker %s, expected one that answers".formatted(broker.bootstrapServers()),
          e.getMessage());
      assertEquals(Set.of(), clients("left-behind"));
    }
  }

  /** Kafka's clients of that id that are not closed. */
  private static Set<ObjectName> clients(String id) throws MalformedObjectNameException {
    return ManagementFactory.getPlatformMBeanServer()
        .queryNames(new ObjectName("kafka.consumer:type=app-info,id=" + id), null);
  }
}
