package dev.millrace.job.embedded;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import dev.millrace.job.io.Topics;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The image as a folder, and the serve job of its manifest in it: an application cluster from the
 * files of the image, without Docker. Needs the jars that the package phase makes.
 */
@Tag("full")
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class ImageIT {

  private static final Path ROOT = Path.of(System.getProperty("millrace.root"));
  private static final String APPLICATION =
      "org.apache.flink.container.entrypoint.StandaloneApplicationClusterEntryPoint";
  private static final Duration PATIENCE = Duration.ofMinutes(5);

  /** As the image's own, which its entry script names. */
  private static final String LOGGING =
      """
      appender.console.type = Console
      appender.console.name = console
      appender.console.layout.type = PatternLayout
      rootLogger.level = info
      rootLogger.appenderRef.console.ref = console
      """;

  @TempDir Path folder;

  @Test
  void image_serveManifest_runsAndTakesNoOtherJob() throws Exception {
    ImageFolder image = ImageFolder.build(ROOT, folder.resolve("image"));
    JsonNode spec = manifest().path("spec");
    List<Integer> ports = FreePorts.find(4);
    FlinkProcesses flink = new FlinkProcesses(options(image, spec, ports), null);
    Path conf = Files.createDirectories(folder.resolve("conf"));
    Files.writeString(conf.resolve("config.yaml"), flink.yaml());
    Files.writeString(conf.resolve("log4j-console.properties"), LOGGING);
    List<Process> processes = new ArrayList<>();
    URI url = URI.create("http://127.0.0.1:" + ports.get(1));
    FlinkRest rest = new FlinkRest(url);
    try (KafkaBroker kafka = KafkaBroker.start(folder.resolve("kafka"))) {
      Topics.create(kafka.bootstrapServers(), Topics.DEFAULT_PREFIX, 1);
      List<String> jobManager = new ArrayList<>(flink.jobManager(conf, ports.get(2)));
      jobManager.replaceAll(
          word ->
              word.equals(StandaloneSessionClusterEntrypoint.class.getName()) ? APPLICATION : word);
      jobManager.addAll(List.of("--job-classname", spec.at("/job/entryClass").asText()));
      spec.at("/job/args").forEach(word -> jobManager.add(image.inFolder(word.asText())));
      jobManager.addAll(List.of("kafka.bootstrap=" + kafka.bootstrapServers(), "redis.uri="));
      processes.add(start(image, "jobmanager", conf, jobManager));
      processes.add(
          start(image, "taskmanager", conf, flink.taskManager(conf, "one", ports.get(3))));
      boolean runs =
          Poll.until(
              PATIENCE,
              () ->
                  processes.stream().allMatch(Process::isAlive)
                      && rest.answers()
                      && rest.jobs().stream().anyMatch(job -> rest.runs(job.id())));
      assertTrue(runs, this::said);
      assertTrue(
          Poll.until(PATIENCE, () -> log("taskmanager").contains("warmed up with")), this::said);
      FlinkJob job = rest.jobs().get(0);
      assertEquals("millrace-serve", job.name());
      assertTakesNoOtherJob(url, rest);
      rest.cancel(job.id()); // web.cancel.enable is the page's button alone: docs/security.md
      assertTrue(processes.get(0).waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS), this::said);
    } finally {
      for (Process process : processes) {
        process.destroyForcibly().waitFor();
      }
    }
  }

  private static void assertTakesNoOtherJob(URI url, FlinkRest rest) throws Exception {
    Path jar = ROOT.resolve("flink-jobs/target/millrace-job.jar");
    var refused =
        assertThrows(FlinkRestException.class, () -> rest.submit(jar, "X", List.of(), null));
    assertTrue(refused.getMessage().contains("it takes no jobs"), refused.getMessage());
    HttpRequest graph =
        HttpRequest.newBuilder(url.resolve("/jobs")).POST(BodyPublishers.ofString("{}")).build();
    int status = HttpClient.newHttpClient().send(graph, BodyHandlers.discarding()).statusCode();
    assertTrue(status == 404 || status == 405, "POST /jobs: " + status);
  }

  /**
   * Those of {@code cluster up}, and over them the manifest's, which the operator hands to Flink.
   */
  private Map<String, String> options(ImageFolder image, JsonNode spec, List<Integer> ports)
      throws IOException {
    Map<String, String> options =
        new TreeMap<>(
            FlinkProcesses.of(
                    Files.createDirectories(folder.resolve("home")),
                    ports.get(0),
                    ports.get(1),
                    new ClusterShape(1, 2, false, null, Map.of(), null, Clocks.real()))
                .options());
    Files.createDirectories(folder.resolve("home/tmp"));
    for (Map.Entry<String, JsonNode> option : spec.path("flinkConfiguration").properties()) {
      options.put(option.getKey(), image.inFolder(option.getValue().asText()));
    }
    options.keySet().removeIf(key -> key.startsWith("high-availability."));
    assertEquals("false", options.get("web.submit.enable"));
    return options;
  }

  private Process start(ImageFolder image, String name, Path conf, List<String> arguments)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Dlog4j2.configurationFile=" + conf.resolve("log4j-console.properties").toUri());
    command.addAll(List.of("-cp", image.home().resolve("lib") + "/*"));
    command.addAll(arguments);
    ProcessBuilder process = new ProcessBuilder(command).directory(folder.toFile());
    process.environment().putAll(image.environment());
    process.environment().put("FLINK_HOME", image.home().toString());
    process.environment().put("FLINK_LIB_DIR", image.home().resolve("lib").toString());
    process.environment().put("FLINK_PLUGINS_DIR", image.home().resolve("plugins").toString());
    process.environment().put("FLINK_CONF_DIR", conf.toString());
    File log = folder.resolve(name + ".log").toFile();
    return process.redirectErrorStream(true).redirectOutput(log).start();
  }

  private String said() {
    StringBuilder said = new StringBuilder();
    for (String name : List.of("jobmanager", "taskmanager")) {
      String log = log(name);
      said.append(name).append(" said ").append(log.substring(Math.max(0, log.length() - 6_000)));
    }
    return said.toString();
  }

  private String log(String name) {
    try {
      return Files.readString(folder.resolve(name + ".log"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static JsonNode manifest() throws IOException {
    JsonNode manifest =
        new ObjectMapper(new YAMLFactory())
            .readTree(ROOT.resolve("docker/kubernetes/serve.yaml").toFile());
    assertNotEquals(0, manifest.at("/spec/job/args").size());
    return manifest;
  }
}
