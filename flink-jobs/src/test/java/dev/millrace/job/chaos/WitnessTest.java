package dev.millrace.job.chaos;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.config.MillraceConfig;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class WitnessTest {

  @Test
  void count_theTopicsCannotBeRead_isRefusedAndSaysWhy() {
    MillraceConfig config =
        MillraceConfig.defaults()
            .with(Map.of("kafka.bootstrap", "127.0.0.1:9", "kafka.client.fetch.max.wait.ms", "-1"));
    Witness witness = new Witness(config.kafka(), List.of("answers"), Clock.systemUTC());
    witness.close();
    var refused = assertThrows(IllegalStateException.class, () -> witness.count("answers"));
    assertTrue(refused.getMessage().contains("fetch.max.wait.ms"), refused.getMessage());
    assertThrows(IllegalStateException.class, () -> witness.seen("answers"));
  }
}
