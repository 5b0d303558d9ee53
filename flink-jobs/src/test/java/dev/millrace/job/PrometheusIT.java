package dev.millrace.job;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import dev.millrace.job.embedded.EmbeddedStack;
import dev.millrace.job.embedded.FreePorts;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.flink.configuration.Configuration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Needs {@code prometheus} (apt-get install prometheus), which scrapes a running job with the
 * configuration of {@code docker/}: only where to scrape is another.
 */
@Tag("full")
@Timeout(value = 8, unit = TimeUnit.MINUTES)
class PrometheusIT {

  private static final Path DOCKER = Path.of(System.getProperty("millrace.root"), "docker");
  private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final String REPORTER = "metrics.reporter.prometheus.";

  private final HttpClient client = HttpClient.newHttpClient();

  @TempDir Path folder;

  @Test
  void prometheus_runningJob_hasItsMetricsAndAsksEveryQuestionOfTheDashboard() throws Exception {
    List<Integer> ports = FreePorts.find(2);
    String metrics = "127.0.0.1:" + ports.get(0);
    String api = "http://127.0.0.1:" + ports.get(1) + "/api/v1/";
    Configuration flink = new Configuration();
    flink.setString(
        REPORTER + "factory.class",
        "org.apache.flink.metrics.prometheus.PrometheusReporterFactory");
    flink.setString(REPORTER + "port", String.valueOf(ports.get(0)));
    try (EmbeddedStack stack = EmbeddedStack.start(1, 4, flink)) {
      Loop loop = Loop.create(stack, 1, Map.of());
      loop.serve(TinyParts.servings(loop.config()));
      try (Feed feed = loop.feed()) {
        for (int i = 0; i < 3; i++) {
          feed.send(loop.topics().requests(), "caller", Feed.request("r" + i, "cloud", "say " + i));
        }
      }
      assertEquals(3, loop.answers(3).size());
      Process prometheus = start(configuration(metrics), ports.get(1));
      try {
        await(api, "up{job=\"flink\",instance=\"" + metrics + "\"}", 1);
        await(api, "sum(" + MetricTable.OURS + "domain_release_answers)", 3);
        await(api, "sum(" + MetricTable.OURS + "answerMillis_count)", 3);
        await(api, "sum(" + MetricTable.OURS + "waiting)", 0);
        await(api, "max(flink_jobmanager_numRunningJobs)", 1);
        await(api, "sum(flink_jobmanager_numRegisteredTaskManagers)", 1);
        assertRulesAreEvaluated(api);
        assertDashboardIsUnderstood(api);
      } finally {
        prometheus.destroy();
        prometheus.waitFor();
      }
    }
  }

  /** What {@code docker/} ships, with a fixed address where it asks for names. */
  private Path configuration(String target) throws IOException {
    ObjectNode shipped =
        (ObjectNode) YAML.readTree(DOCKER.resolve("prometheus/prometheus.yml").toFile());
    ArrayNode jobs = (ArrayNode) shipped.path("scrape_configs");
    assertEquals(1, jobs.size());
    ObjectNode job = (ObjectNode) jobs.get(0);
    assertTrue(job.has("dns_sd_configs"), "how it finds Flink in compose");
    job.remove("dns_sd_configs");
    job.putArray("static_configs").addObject().putArray("targets").add(target);
    Path configuration = folder.resolve("prometheus.yml");
    YAML.writeValue(configuration.toFile(), shipped);
    Files.copy(DOCKER.resolve("prometheus/alerts.yml"), folder.resolve("alerts.yml"));
    return configuration;
  }

  private Process start(Path configuration, int port) throws IOException {
    return new ProcessBuilder(
            "prometheus",
            "--config.file=" + configuration,
            "--storage.tsdb.path=" + folder.resolve("data"),
            "--web.listen-address=127.0.0.1:" + port)
        .redirectErrorStream(true)
        .redirectOutput(folder.resolve("prometheus.log").toFile())
        .start();
  }

  private void await(String api, String expression, double expected) throws Exception {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    String found = "nothing";
    while (System.nanoTime() < deadline) {
      try {
        JsonNode result = query(api, expression).at("/data/result");
        found = result.toString();
        if (result.size() == 1 && result.at("/0/value/1").asDouble() == expected) {
          return;
        }
      } catch (IOException e) {
        found = e.toString(); // It starts.
      }
      TimeUnit.MILLISECONDS.sleep(200);
    }
    throw new AssertionError(
        "%s is %s, expected %s; %s"
            .formatted(
                expression, found, expected, Files.readString(folder.resolve("prometheus.log"))));
  }

  /** Every alert is asked, without a fault, and none of a job that is well fires; no learn runs. */
  private void assertRulesAreEvaluated(String api) throws Exception {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    List<JsonNode> rules;
    do {
      TimeUnit.MILLISECONDS.sleep(200);
      rules = List.copyOf(get(api + "rules").findParents("health"));
    } while (rules.stream().anyMatch(rule -> !isQuiet(rule)) && System.nanoTime() < deadline);
    int alerts = YAML.readTree(folder.resolve("alerts.yml").toFile()).findValues("alert").size();
    assertEquals(alerts, rules.size());
    for (JsonNode rule : rules) {
      assertEquals("ok", rule.path("health").asText(), rule.toString());
      assertEquals(state(rule), rule.path("state").asText(), rule.toString());
    }
  }

  private static boolean isQuiet(JsonNode rule) {
    return rule.path("health").asText().equals("ok")
        && rule.path("state").asText().equals(state(rule));
  }

  private static String state(JsonNode rule) {
    return rule.path("name").asText().equals("NotLearning") ? "pending" : "inactive";
  }

  private void assertDashboardIsUnderstood(String api) throws Exception {
    JsonNode dashboard = JSON.readTree(DOCKER.resolve("grafana/dashboards/millrace.json").toFile());
    List<JsonNode> expressions = dashboard.findValues("expr");
    assertTrue(expressions.size() > 40, expressions.size() + " questions");
    for (JsonNode expression : expressions) {
      JsonNode answer = query(api, expression.asText());
      assertEquals("success", answer.path("status").asText(), expression + ": " + answer);
    }
  }

  private JsonNode query(String api, String expression) throws Exception {
    return get(api + "query?query=" + URLEncoder.encode(expression, UTF_8));
  }

  private JsonNode get(String url) throws Exception {
    HttpRequest request = HttpRequest.newBuilder(URI.create(url)).build();
    return JSON.readTree(client.send(request, BodyHandlers.ofString()).body());
  }
}
