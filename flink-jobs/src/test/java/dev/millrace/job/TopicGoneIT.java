package dev.millrace.job;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.embedded.EmbeddedStack;
import dev.millrace.job.embedded.FreePorts;
import dev.millrace.job.embedded.OwnBroker;
import dev.millrace.job.io.KafkaTopics;
import dev.millrace.job.io.KafkaTopics.Start;
import dev.millrace.job.io.Topics;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.DoubleStream;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.kafka.clients.admin.Admin;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the alert {@code TopicGone} rests on: what Flink's sources tell of a topic that is gone. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class TopicGoneIT {

  private static final String CONSUMER =
      "flink_taskmanager_job_task_operator_KafkaSourceReader_KafkaConsumer_";
  private static final String REPORTER = "metrics.reporter.prometheus.";
  private static final long WINDOW_MILLIS = 2_000;

  private final HttpClient client = HttpClient.newHttpClient();
  private final int port = FreePorts.find(1).get(0);

  @TempDir Path folder;

  @Test
  void sources_oneTopicIsDeleted_askForItAllTheTimeAsLongAsTheBrokerAnswersWithoutIt()
      throws Exception {
    Configuration flink = new Configuration();
    flink.setString(
        REPORTER + "factory.class",
        "org.apache.flink.metrics.prometheus.PrometheusReporterFactory");
    flink.setString(REPORTER + "port", String.valueOf(port));
    try (OwnBroker broker = OwnBroker.start(folder, listens -> listens);
        EmbeddedStack stack = EmbeddedStack.start(1, 2, flink);
        Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
      Topics topics = Topics.create(broker.bootstrapServers(), Topics.DEFAULT_PREFIX, 2);
      JobClient job = read(stack, broker, topics);
      await(() -> stack.runs(job) && seen("requests").answers() > 0);
      await(() -> seen("releases").answers() > 0);
      assertFalse(isGone("requests"), "nothing is on it");

      admin.deleteTopics(List.of(topics.requests())).all().get();
      await(() -> isGone("requests"));
      assertFalse(isGone("releases"), "which is there");
      assertTrue(stack.runs(job), "it waits for the topic");

      broker.close();
      await(() -> !isGone("requests"));
      assertFalse(isGone("releases"), "away, not gone");
      assertFalse(isGone("requests"), "nobody knows while the broker is away");
    }
  }

  private static JobClient read(EmbeddedStack stack, OwnBroker broker, Topics topics) {
    MillraceConfig config =
        MillraceConfig.defaults()
            .with(
                Map.of(
                    "kafka.bootstrap",
                    broker.bootstrapServers(),
                    "kafka.client.metrics.sample.window.ms", // else half a minute
                    "1000"));
    KafkaTopics kafka = new KafkaTopics(config.kafka(), "a-job");
    StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
    env.setParallelism(2);
    env.enableCheckpointing(100);
    for (String topic : List.of(topics.requests(), topics.releases())) {
      String name = topic.substring(Topics.DEFAULT_PREFIX.length());
      env.fromSource(kafka.source(topic, Start.EARLIEST), WatermarkStrategy.noWatermarks(), name)
          .sinkTo(new DiscardingSink<>());
    }
    return stack.submit(env);
  }

  /** As the alert asks, of a shorter time. */
  private boolean isGone(String source) throws Exception {
    Seen before = seen(source);
    Thread.sleep(WINDOW_MILLIS);
    Seen after = seen(source);
    return (after.answers() - before.answers()) * 1_000 / WINDOW_MILLIS > 1
        && after.latency() < 100
        && after.bytes() == before.bytes();
  }

  /** Of the fetches of all subtasks of a source; their mean latency in ms, of the quickest. */
  private record Seen(double answers, double latency, double bytes) {}

  private Seen seen(String source) throws Exception {
    URI uri = URI.create("http://127.0.0.1:" + port + "/metrics");
    String all = client.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString()).body();
    return new Seen(
        values(all, "fetch_total", source).reduce(Double::sum).orElse(Double.NaN),
        values(all, "fetch_latency_avg", source).min().orElse(Double.NaN),
        values(all, "bytes_consumed_total", source).reduce(Double::sum).orElse(Double.NaN));
  }

  private static DoubleStream values(String scrape, String name, String source) {
    return scrape
        .lines()
        .filter(line -> line.startsWith(CONSUMER + name + "{"))
        .filter(line -> line.contains("operator_name=\"Source:_" + source + "\""))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))));
  }

  private static void await(Callable<Boolean> condition) throws Exception {
    while (!condition.call()) { // the test has its limit
      Thread.sleep(100);
    }
  }
}
