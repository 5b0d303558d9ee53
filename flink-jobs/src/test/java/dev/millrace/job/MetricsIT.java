package dev.millrace.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.embedded.EmbeddedStack;
import dev.millrace.job.embedded.FreePorts;
import dev.millrace.job.operator.Opened;
import dev.millrace.job.operator.compress.Teaching;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Verdict;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What can be scraped from all jobs is what the documentation names. */
@Timeout(value = 8, unit = TimeUnit.MINUTES)
class MetricsIT {

  private static final Map<String, String> SETTINGS =
      Map.of("batch.count", "8", "heldOut.everyNth", "3");
  private static final String REPORTER = "metrics.reporter.prometheus.";
  private static final Duration PATIENCE = Duration.ofMinutes(5);

  private final HttpClient client = HttpClient.newHttpClient();
  private final Random random = new Random(3);

  @Test
  void scrape_ofAllJobs_isTheTable() throws Exception {
    int port = FreePorts.find(1).get(0);
    Configuration flink = new Configuration();
    flink.setString(
        REPORTER + "factory.class",
        "org.apache.flink.metrics.prometheus.PrometheusReporterFactory");
    flink.setString(REPORTER + "port", String.valueOf(port));
    MetricTable table = MetricTable.read();
    assertTrue(table.ours().size() > 25, table.ours().size() + " metrics in the table");
    try (EmbeddedStack stack = EmbeddedStack.start(1, 8, flink)) {
      Loop loop = Loop.create(stack, 1, SETTINGS);
      loop.serve(TinyParts.servings(loop.config()));
      loop.learn(TinyParts.learners(loop.config()));
      compress(loop);
      feed(loop);
      Set<String> scraped = ours(scrape(port));
      long deadline = System.nanoTime() + PATIENCE.toNanos();
      while (!scraped.containsAll(table.ours()) && System.nanoTime() < deadline) {
        Thread.sleep(200);
        scraped = ours(scrape(port));
      }
      assertEquals(table.ours(), scraped);
      String all = scrape(port);
      assertTrue(names(all).containsAll(table.flinks()), () -> missing(all, table.flinks()));
      assertEquals(1, sum(all, "domain_reason_refused"), "the text that came twice");
      assertEquals(1, sum(all, "domain_release_answers"));
    }
  }

  /** A job that goes on teaching. */
  private static void compress(Loop loop) {
    StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
    CompressJob.build(env, loop.config(), subtask -> new Opened<>(new Endless(), () -> {}));
    loop.stack().submit(env);
  }

  private static final class Endless implements Teaching {

    @Override
    public List<Origin> choose() {
      return List.of();
    }

    @Override
    public Verdict teach(List<Origin> chosen, Progress progress) throws InterruptedException {
      for (long step = 1; ; step++) {
        progress.stepped(step, 1);
        Thread.sleep(50);
      }
    }
  }

  private void feed(Loop loop) {
    try (Feed feed = loop.feed()) {
      for (int i = 0; i < 24; i++) {
        String text = Feed.text("cloud", random);
        feed.send(loop.topics().samples(), Feed.sample("s" + i, "cloud", text, 1_000 + i));
        if (i == 0) {
          feed.send(loop.topics().samples(), Feed.sample("again", "cloud", text, 1_000));
        }
      }
      feed.send(
          loop.topics().samples(), Feed.sample("unnamed", null, Feed.text("cloud", random), 2_000));
      feed.send(loop.topics().requests(), "caller", Feed.request("r", "cloud", "say something"));
    }
  }

  private String scrape(int port) throws IOException, InterruptedException {
    URI uri = URI.create("http://127.0.0.1:" + port + "/metrics");
    return client.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString()).body();
  }

  private static Set<String> names(String scrape) {
    return scrape
        .lines()
        .filter(line -> !line.startsWith("#"))
        .map(line -> line.replaceAll("[{ ].*", "").replaceAll("_count$", ""))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static Set<String> ours(String scrape) {
    return names(scrape).stream()
        .filter(name -> name.startsWith(MetricTable.OURS))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static String missing(String scrape, Set<String> wanted) {
    Set<String> missing = new TreeSet<>(wanted);
    missing.removeAll(names(scrape));
    return "not scraped: " + missing;
  }

  private static double sum(String scrape, String name) {
    return scrape
        .lines()
        .filter(line -> line.startsWith(MetricTable.OURS + name + "{"))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
        .sum();
  }
}
