package dev.millrace.job.warmup;

import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class KafkaClientsTest {

  /** A client that is not answered as it expects would wait for minutes. */
  @Test
  void use_itsOwnBroker_isAnsweredByItAndEndsSoon() {
    assertTimeoutPreemptively(Duration.ofSeconds(20), KafkaClients::use);
  }
}
