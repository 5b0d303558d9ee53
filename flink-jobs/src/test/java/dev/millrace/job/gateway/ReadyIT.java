package dev.millrace.job.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.job.Adopting;
import dev.millrace.job.StreamRecords;
import dev.millrace.job.chaos.FailingBroker;
import dev.millrace.job.config.KafkaConfig;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.io.RecordWriter;
import dev.millrace.job.io.Topics;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.ReleaseEvent.Kind;
import dev.millrace.schema.wire.Codecs;
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

  /** Whoever follows their topic is not at its end within milliseconds. */
  private static final int RELEASES = 20_000;

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

  /** Right after the start a domain that answers was a 404. */
  @Test
  void start_manyReleases_knowsThemAllBeforeTheDoorOpens() throws Exception {
    try (FailingBroker broker = FailingBroker.start(folder)) {
      MillraceConfig config =
          MillraceConfig.defaults().with(Map.of("kafka.bootstrap", broker.bootstrapServers()));
      Topics topics = Topics.create(config.kafka(), 1);
      String last = "%064x".formatted(RELEASES);
      try (RecordWriter writer = new RecordWriter(config.kafka())) {
        for (int i = 1; i <= RELEASES; i++) {
          String domain = i == RELEASES ? "last" : "d" + i;
          ReleaseEvent event =
              StreamRecords.event(
                  domain, Kind.ADAPTER, Action.PUBLISH, "%064x".formatted(i), null, 0, 0);
          writer.send(topics.releases(), domain, Codecs.releases().encode(event));
        }
        writer.flush();
      }
      try (Gateway gateway =
          Gateway.start(
              new GatewayConfig("127.0.0.1", 0, null, config.gateway()),
              config.kafka(),
              ApiKeys.none(),
              Adopting.unavailable("not asked for here"))) {
        assertEquals(200, status(gateway, "/v1/models/last"));
        assertEquals(200, status(gateway, "/v1/models/" + last));
      }
    }
  }

  private int status(Gateway gateway, String path) throws Exception {
    HttpRequest asked = HttpRequest.newBuilder(URI.create(gateway.url() + path)).build();
    return client.send(asked, BodyHandlers.ofString()).statusCode();
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
