package dev.millrace.job;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.config.MillraceConfig;
import dev.millrace.schema.Origin;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.util.Map;
import org.junit.jupiter.api.Test;

class KafkaPastSamplesTest {

  /** So that an order to forget waits for the broker: what else is thrown restarts the job. */
  @Test
  void tokens_brokerDoesNotAnswer_cannotBeReadNow() throws Exception {
    try (ServerSocket silent = new ServerSocket(0)) {
      var config =
          MillraceConfig.defaults()
              .with(
                  Map.of(
                      "kafka.bootstrap", "127.0.0.1:" + silent.getLocalPort(),
                      "kafka.client.default.api.timeout.ms", "500",
                      "kafka.client.request.timeout.ms", "400"));
      var past = new KafkaPastSamples(config.kafka(), TinyParts.tokens(config));
      var e =
          assertThrows(
              UncheckedIOException.class,
              () -> past.tokens(Map.of(new Origin("millrace.samples", 0, 3), "s3")));
      assertTrue(e.getCause().getMessage().contains(config.kafka().bootstrap()), e::toString);
    }
  }
}
