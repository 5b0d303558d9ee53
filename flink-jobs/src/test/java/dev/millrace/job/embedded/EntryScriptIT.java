package dev.millrace.job.embedded;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import dev.millrace.job.io.Topics;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The image as folders, started by the entry script of Flink's image: what {@code
 * docker/compose.yaml} starts, and the serve job of its manifest. Needs the jars that the package
 * phase makes and, in {@code -Dmillrace.flink.scripts}, the scripts, which are Flink's.
 */
@Tag("full")
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class EntryScriptIT {

  private static final Path ROOT = Path.of(System.getProperty("millrace.root"));
  private static final String SCRIPTS = System.getProperty("millrace.flink.scripts");
  private static final Duration PATIENCE = Duration.ofMinutes(5);

  @TempDir Path folder;

  private final List<Process> processes = new ArrayList<>();
  private final List<Integer> ports = FreePorts.find(5);
  private final URI url = URI.create("http://127.0.0.1:" + ports.get(1));

  @BeforeEach
  void needsScripts() {
    assumeTrue(
        SCRIPTS != null,
        "-Dmillrace.flink.scripts names no folder with Flink's docker-entrypoint.sh, bin and conf");
  }

  @AfterEach
  void stop() throws InterruptedException {
    for (Process process : processes) {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly().waitFor();
    }
  }

  @Test
  void compose_jobManagerAndTaskManager_areWarmAndTakeAJob() throws Exception {
    JsonNode compose = yaml("docker/compose.yaml");
    String properties = compose.at("/x-flink/environment/FLINK_PROPERTIES").asText();
    EntryScript taskManager = container("taskmanager");
    start(container("jobmanager"), service(compose, "jobmanager"), properties);
    start(taskManager, service(compose, "taskmanager"), properties);
    FlinkRest rest = new FlinkRest(url);
    awaitWarm(taskManager, rest);
    String job =
        rest.submit(SubmittedJob.jar(folder), SubmittedJob.class.getName(), List.of(), null);
    assertEquals("RUNNING", rest.state(job), this::said);
    rest.cancel(job);
    assertFalse((log("jobmanager") + log("taskmanager")).contains("jemalloc"), this::said);
    assertEndWhenAsked();
  }

  @Test
  void standaloneJob_serveManifest_runs() throws Exception {
    JsonNode spec = yaml("docker/kubernetes/serve.yaml").path("spec");
    EntryScript taskManager = container("taskmanager");
    FlinkRest rest = new FlinkRest(url);
    try (KafkaBroker kafka = KafkaBroker.start(folder.resolve("kafka"))) {
      Topics.create(kafka.bootstrapServers(), Topics.DEFAULT_PREFIX, 1);
      List<String> command = new ArrayList<>();
      command.add("standalone-job");
      command.addAll(List.of("--job-classname", spec.at("/job/entryClass").asText()));
      spec.at("/job/args").forEach(word -> command.add(word.asText()));
      command.addAll(List.of("kafka.bootstrap=" + kafka.bootstrapServers(), "redis.uri="));
      start(container("jobmanager"), command, properties(spec, "jobManager"));
      start(taskManager, List.of("taskmanager"), properties(spec, "taskManager"));
      awaitWarm(taskManager, rest);
      await(() -> rest.jobs().stream().anyMatch(known -> rest.runs(known.id())));
      assertEquals("millrace-serve", rest.jobs().get(0).name());
      assertEndWhenAsked();
    }
  }

  /** By the signal of {@code docker stop}, which reaches Java through all scripts. */
  private void assertEndWhenAsked() throws InterruptedException {
    for (Process process : processes) {
      process.destroy();
      assertTrue(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS), this::said);
    }
  }

  private void awaitWarm(EntryScript taskManager, FlinkRest rest) throws IOException {
    await(() -> rest.answers() && rest.taskManagers() == 1);
    Path base = taskManager.image().home().resolve("models/nano");
    await(() -> log("taskmanager").contains("warmed up with " + base));
    assertTrue(taskManager.configuration().contains("ai.djl;com.sun.jna;"), this::said);
  }

  /** Until it comes true, or a process ends. */
  private void await(BooleanSupplier condition) {
    Poll.until(PATIENCE, () -> ended() || condition.getAsBoolean());
    assertTrue(!ended() && condition.getAsBoolean(), this::said);
  }

  private boolean ended() {
    return !processes.stream().allMatch(Process::isAlive);
  }

  private EntryScript container(String name) throws IOException {
    return EntryScript.install(ImageFolder.build(ROOT, folder.resolve(name)), Path.of(SCRIPTS));
  }

  private static List<String> service(JsonNode compose, String name) {
    return List.of(compose.at("/services/" + name + "/command").asText());
  }

  /** What the operator makes of a manifest, without what only Kubernetes has. */
  private static String properties(JsonNode spec, String process) {
    Map<String, String> options = new TreeMap<>();
    for (Map.Entry<String, JsonNode> option : spec.path("flinkConfiguration").properties()) {
      options.put(option.getKey(), option.getValue().asText());
    }
    options.keySet().removeIf(key -> key.startsWith("high-availability."));
    options.put("parallelism.default", spec.at("/job/parallelism").asText());
    options.put(
        process.toLowerCase(Locale.ROOT) + ".memory.process.size",
        spec.at("/" + process + "/resource/memory").asText());
    return options.entrySet().stream()
        .map(option -> option.getKey() + ": " + option.getValue() + "\n")
        .collect(Collectors.joining());
  }

  /** On ports of this machine, where every container has its own. */
  private void start(EntryScript container, List<String> command, String properties)
      throws IOException {
    boolean tasks = command.contains("taskmanager");
    Map<String, String> others = new TreeMap<>();
    others.put("jobmanager.rpc.address", "localhost");
    others.put("jobmanager.rpc.port", String.valueOf(ports.get(0)));
    others.put("rest.port", String.valueOf(ports.get(1)));
    others.put("blob.server.port", String.valueOf(ports.get(2)));
    others.put("metrics.reporter.prometheus.port", String.valueOf(ports.get(tasks ? 3 : 4)));
    Path log = folder.resolve((tasks ? "taskmanager" : "jobmanager") + ".log");
    processes.add(container.start(command, properties, others, log));
  }

  private String said() {
    return List.of("jobmanager", "taskmanager").stream()
        .map(name -> name + " said " + end(log(name)))
        .collect(Collectors.joining("\n"));
  }

  private static String end(String log) {
    return log.substring(Math.max(0, log.length() - 12_000));
  }

  private String log(String name) {
    try {
      return Files.readString(folder.resolve(name + ".log"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static JsonNode yaml(String name) throws IOException {
    return new ObjectMapper(new YAMLFactory()).readTree(ROOT.resolve(name).toFile());
  }
}
