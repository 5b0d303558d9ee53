package dev.millrace.job.chaos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.KafkaConfigs;
import dev.millrace.job.config.KafkaConfig;
import dev.millrace.job.embedded.Poll;
import dev.millrace.job.io.RecordWriter;
import dev.millrace.job.io.Topics;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 5, unit = TimeUnit.MINUTES)
class WitnessIT {

  /** A domain that learns no more is not covered by another one that does. */
  @Test
  void count_ofAKey_leavesOthersOut(@TempDir Path folder) throws Exception {
    try (FailingBroker broker = FailingBroker.start(folder)) {
      KafkaConfig config = KafkaConfigs.of(broker.bootstrapServers());
      String topic = Topics.create(config, 1).verdicts();
      try (RecordWriter writer = new RecordWriter(config);
          Witness witness = new Witness(config, List.of(topic), Clock.systemUTC())) {
        for (String key : new String[] {"legal", "cloud", "legal", null}) {
          writer.append(topic, key, new byte[] {1}).join();
        }
        assertTrue(Poll.until(Duration.ofMinutes(1), () -> witness.count(topic) == 4));
        assertEquals(2, witness.count(topic, "legal"));
        assertEquals(1, witness.count(topic, "cloud"));
        assertEquals(0, witness.count(topic, "health"));
      }
    }
  }
}
