package dev.millrace.job.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.job.Adopting;
import dev.millrace.job.chaos.FailingBroker;
import dev.millrace.job.config.KafkaConfig;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.io.Topics;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 5, unit = TimeUnit.MINUTES)
class ReadyIT {

  private final HttpClient client = HttpClient.newHttpClient();

  @TempDir private Path folder;

  @Test
  void ready_brokerHangsWithItsConnectionsOpen_saysSoUntilItGoesOn() throws Exception {
    try (FailingBroker broker = FailingBroker.start(folder)) {
      MillraceConfig config =
          MillraceConfig.defaults().with(Map.of("kafka.bootstrap", broker.bootstrapServers()));
      KafkaConfig kafka = config.kafka();
      Topics.create(kafka, 1);
      try (Gateway gateway =
          Gateway.start(
              new GatewayConfig("127.0.0.1", 0, null, config.gateway()),
              kafka,
              ApiKeys.none(),
              Adopting.unavailable("not asked for here"))) {
        JsonNode ready = await(gateway, 200);
        assertTrue(ready.path("ready").booleanValue(), ready::toString);
        broker.hang();
        try {
          String reason = await(gateway, 503).path("reason").asText();
          String expected = "broker " + broker.bootstrapServers() + " has said nothing for ";
          assertTrue(reason.startsWith(expected), reason);
        } finally {
          broker.recover();
        }
        assertEquals(ready, await(gateway, 200));
      }
    }
  }

  private JsonNode await(Gateway gateway, int status) throws Exception {
    HttpRequest asked = HttpRequest.newBuilder(URI.create(gateway.url() + "/ready")).build();
    HttpResponse<String> said;
    do {
      said = client.send(asked, BodyHandlers.ofString());
    } while (said.statusCode() != status);
    return Fields.JSON.readTree(said.body());
  }
}
