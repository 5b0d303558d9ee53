package dev.millrace.job.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.config.KafkaConfig;
import dev.millrace.job.config.MillraceConfig;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.junit.jupiter.api.Test;

class KafkaTopicsTest {

  @Test
  void clientProperties_referenceToTheEnvironment_isLookedUpByTheClient() {
    MillraceConfig config =
        MillraceConfig.defaults().with(Map.of("kafka.client.ssl.key.password", "${env:PATH}"));
    Properties properties = KafkaTopics.clientProperties(config.kafka());
    assertTrue(properties.containsValue("${env:PATH}"), "what travels with a job");
    assertEquals(
        System.getenv("PATH"),
        new AdminClientConfig(properties).getPassword("ssl.key.password").value());
  }

  @Test
  void await_nobodyAnswers_saysWhichBroker() {
    KafkaConfig nobody =
        MillraceConfig.defaults().with(Map.of("kafka.bootstrap", "127.0.0.1:1")).kafka();
    IllegalStateException failed =
        assertThrows(
            IllegalStateException.class,
            () -> KafkaTopics.await(nobody, said -> {}, Duration.ofMillis(200)));
    assertEquals("broker 127.0.0.1:1, expected one that answers", failed.getMessage());
  }
}
