package dev.millrace.job.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
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
import dev.millrace.schema.Verdict;
import dev.millrace.schema.wire.Codecs;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 5, unit = TimeUnit.MINUTES)
class ReadyIT {

  /** Whoever follows their topic is not at its end within milliseconds. */
  private static final int RELEASES = 20_000;

  private static final Pattern OURS =
      Pattern.compile("^(millrace-(?!relay)|kafka-|qtp|JettyServer)");

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

  /** Its clients of Kafka went on for as long as the process did. */
  @Test
  void start_portIsTaken_leavesNothingOpen() throws Exception {
    try (FailingBroker broker = FailingBroker.start(folder);
        ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      KafkaConfig kafka = kafka(broker);
      Topics.create(kafka, 1);
      Set<Thread> before = Thread.getAllStackTraces().keySet();
      AtomicBoolean closed = new AtomicBoolean();
      assertThrows(
          RuntimeException.class,
          () -> open(kafka, taken.getLocalPort(), closing(() -> closed.set(true))));
      assertNoneLeft(before);
      assertTrue(closed.get(), "what judges adapters");
    }
  }

  /** As where a producer gives up at once. */
  @Test
  void close_aPartOfItFails_closesTheOthers() throws Exception {
    try (FailingBroker broker = FailingBroker.start(folder)) {
      KafkaConfig kafka = kafka(broker);
      Topics.create(kafka, 1);
      Set<Thread> before = Thread.getAllStackTraces().keySet();
      Gateway gateway =
          open(
              kafka,
              0,
              closing(
                  () -> {
                    throw new IllegalStateException("broken");
                  }));
      var e = assertThrows(IllegalStateException.class, gateway::close);
      assertEquals("broken", e.getMessage());
      assertNoneLeft(before);
    }
  }

  private static KafkaConfig kafka(FailingBroker broker) {
    return MillraceConfig.defaults()
        .with(Map.of("kafka.bootstrap", broker.bootstrapServers()))
        .kafka();
  }

  private static Gateway open(KafkaConfig kafka, int port, Adopting adopting) {
    GatewayConfig config =
        new GatewayConfig("127.0.0.1", port, null, MillraceConfig.defaults().gateway());
    return Gateway.start(config, kafka, ApiKeys.none(), adopting);
  }

  private static Adopting closing(Runnable then) {
    return new Adopting() {
      @Override
      public Verdict adopt(@Nullable String tenant, String domain, Path folder) {
        throw new UnsupportedOperationException("not asked for here");
      }

      @Override
      public void close() {
        then.run();
      }
    };
  }

  /** Of this module's threads, the server's and Kafka's clients'. */
  private static void assertNoneLeft(Set<Thread> before) throws InterruptedException {
    for (Thread thread : Thread.getAllStackTraces().keySet()) {
      if (!before.contains(thread) && OURS.matcher(thread.getName()).find()) {
        thread.join(30_000);
        assertFalse(thread.isAlive(), thread.getName());
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
