package dev.millrace.job.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.KafkaConfigs;
import dev.millrace.job.config.KafkaConfig;
import dev.millrace.job.config.MillraceConfig;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.common.config.provider.FileConfigProvider;
import org.junit.jupiter.api.Test;

class KafkaTopicsTest {

  @Test
  void clientProperties_referenceToTheEnvironment_isLookedUpByTheClient() {
    Properties properties = properties(Map.of());
    assertTrue(properties.containsValue("${env:PATH}"), "what travels with a job");
    assertLookedUp(properties);
  }

  private static Properties properties(Map<String, String> settings) {
    MillraceConfig config =
        MillraceConfig.defaults().with(Map.of("kafka.client.ssl.key.password", "${env:PATH}"));
    return KafkaTopics.clientProperties(config.with(settings).kafka());
  }

  private static void assertLookedUp(Properties properties) {
    assertEquals(
        System.getenv("PATH"),
        new AdminClientConfig(properties).getPassword("ssl.key.password").value());
  }

  /** Theirs kept ours out, and the client was handed the reference for the secret. */
  @Test
  void clientProperties_otherProvidersAreNamed_oursIsOneOfThem() {
    String providers = "kafka.client.config.providers";
    String file = FileConfigProvider.class.getName();
    Properties properties = properties(Map.of(providers, "file", providers + ".file.class", file));
    assertEquals("file,env", properties.getProperty("config.providers"));
    assertLookedUp(properties);
  }

  @Test
  void clientProperties_noProvidersAreNamedByAnEmptyText_oursIsTheOnlyOne() {
    Properties properties = properties(Map.of("kafka.client.config.providers", ""));
    assertEquals("env", properties.getProperty("config.providers"));
    assertLookedUp(properties);
  }

  @Test
  void await_nobodyAnswers_saysWhichBroker() {
    KafkaConfig nobody = KafkaConfigs.of(KafkaConfigs.NOBODY);
    IllegalStateException failed =
        assertThrows(
            IllegalStateException.class,
            () -> KafkaTopics.await(nobody, said -> {}, Duration.ofMillis(200)));
    assertEquals("broker 127.0.0.1:1, expected one that answers", failed.getMessage());
  }
}
