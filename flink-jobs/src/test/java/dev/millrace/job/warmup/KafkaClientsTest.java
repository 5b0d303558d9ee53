package dev.millrace.job.warmup;

import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class KafkaClientsTest {

  /** Each client left to itself would wait for half a minute: for an answer, or for its own end. */
  @Test
  void use_nobodyAnswers_endsSoon() {
    assertTimeoutPreemptively(Duration.ofSeconds(20), KafkaClients::use);
  }
}
