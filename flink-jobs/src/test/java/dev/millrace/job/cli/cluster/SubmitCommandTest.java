package dev.millrace.job.cli.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import dev.millrace.job.cli.MovesHome;
import dev.millrace.job.cli.options.Output;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.flink.runtime.checkpoint.Checkpoints;
import org.apache.flink.runtime.checkpoint.OperatorState;
import org.apache.flink.runtime.checkpoint.metadata.CheckpointMetadata;
import org.apache.flink.runtime.jobgraph.OperatorID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SubmitCommandTest extends MovesHome {

  private final List<String> asked = new CopyOnWriteArrayList<>();
  private final List<String> submitted = new CopyOnWriteArrayList<>();
  private HttpServer flink;

  @BeforeEach
  void setUp() throws IOException {
    Path nano = Files.createDirectories(root.resolve("models/nano"));
    Files.writeString(nano.resolve("config.json"), "{}");
    flink = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    flink.start();
  }

  @AfterEach
  void tearDown() {
    flink.stop(0);
  }

  @ParameterizedTest
  @ValueSource(strings = {"learn", "serve", "compress"})
  void run_jobOfTheSameNameIsNotOver_isRefusedBeforeAnythingIsUploaded(String job) {
    answerAll(
        "{\"jobs\": [{\"jid\": \"3f9a\", \"name\": \"team-%s\", \"state\": \"RESTARTING\"}]}"
            .formatted(job));
    String rest = "http://127.0.0.1:" + flink.getAddress().getPort();
    String said = failing("submit " + job + " --set job.name=team --rest " + rest);
    assertEquals(1, said.strip().lines().count(), said);
    assertTrue(said.contains("team-" + job + " RESTARTING 3f9a"), said);
    assertEquals(List.of("GET /jobs/overview"), asked);
  }

  @Test
  void run_jobBeforeLeftItsStateAndNoneIsNamed_saysWhereItIs() throws IOException {
    Path kept = keepSavepoint();
    answerAll("{}");
    writeRunning();
    String learn = failing("submit learn --set base.dir=" + repository + "/models/nano");
    assertTrue(learn.contains("--savepoint " + kept + " goes on from there"), learn);
    assertFalse(failing("submit serve").contains("--savepoint"));
  }

  private Path keepSavepoint() throws IOException {
    Path kept = root.resolve(".millrace/cluster/savepoints/savepoint-1");
    Files.createDirectories(kept);
    try (var metadata = Files.newOutputStream(kept.resolve("_metadata"))) {
      Checkpoints.storeCheckpointMetadata(
          new CheckpointMetadata(
              1, List.of(new OperatorState("learn", "learn", new OperatorID(), 1, 1)), List.of()),
          metadata);
    }
    return kept;
  }

  /**
   * It said of that state that a job goes on from there; of another it said that it was refused.
   */
  @ParameterizedTest
  @CsvSource({"savepoint-1, true", "savepoint-0, false"})
  void run_jobBeforeRefusedTheState_saysSo(String from, boolean refused) throws IOException {
    Path kept = keepSavepoint();
    String why = "what is held out is a, expected b, by which this state was made: set the salt";
    answerAll(
        "{\"jobs\": [{\"jid\": \"3f9a\", \"name\": \"millrace-learn\", \"state\": \"CANCELED\"}], \"exceptionHistory\": {\"entries\": [{\"timestamp\": 7, \"stacktrace\": \"java.lang.IllegalStateException: %s\"}]}, \"latest\": {\"restored\": {\"external_path\": \"file:%s\"}}}"
            .formatted(why, kept.resolveSibling(from)));
    writeRunning();
    String said = failing("submit learn --set base.dir=" + repository + "/models/nano");
    String expected =
        "beginning anew; the last learn job refused the state in " + kept + ": " + why;
    assertEquals(refused, said.contains(expected), said);
    assertEquals(!refused, said.contains("--savepoint " + kept + " goes on from there"), said);
  }

  /** It failed at each start, for ever. */
  @Test
  void run_learnOnABaseWithoutProtectedTexts_isRefusedBeforeAnythingIsUploaded()
      throws IOException {
    answerSubmissions();
    writeRunning();
    Path base = root.resolve("next");
    assertEquals(2, run("submit learn --set base.dir=" + base));
    assertTrue(err.toString().contains("base.dir " + base + " does not exist"), err::toString);
    Files.writeString(Files.createDirectory(base).resolve("config.json"), "{}");
    assertEquals(2, run("submit learn --set base.dir=" + base));
    assertTrue(err.toString().contains("base " + base + " has no protected.jsonl"), err::toString);
    assertEquals(List.of("GET /jobs/overview", "GET /jobs/overview"), asked);
    assertEquals(0, run("submit learn --set base.dir=" + repository + "/models/nano"));
  }

  /** The same; it was told for two minutes, and stayed. */
  @ParameterizedTest
  @CsvSource({
    "serve, base.dir, ' does not exist, expected a checkpoint folder with a config.json'",
    "serve, base.previous, ' does not exist, expected a checkpoint folder with a config.json'",
    "serve, base.align, ' does not exist, expected a folder of encoders'",
    "compress, base.dir, ' does not exist, expected a checkpoint folder with a config.json'"
  })
  void run_folderThatIsNotThere_isRefusedBeforeAnythingIsUploaded(
      String job, String key, String refused) throws IOException {
    answerSubmissions();
    writeRunning();
    Path missing = root.resolve("missing");
    assertEquals(2, run("submit " + job + " --set " + key + "=" + missing));
    assertEquals("millrace: " + key + " " + missing + refused, err.toString().strip());
    assertEquals(List.of("GET /jobs/overview"), asked);
  }

  @Test
  void run_compressOnABaseWithoutProtectedTexts_isRefusedBeforeAnythingIsUploaded()
      throws IOException {
    answerSubmissions();
    writeRunning();
    assertEquals(2, run("submit compress"));
    assertTrue(err.toString().contains(" has no protected.jsonl"), err::toString);
    assertEquals(List.of("GET /jobs/overview"), asked);
  }

  /** As one that waits for slots: it is still there, and will be stopped and go on. */
  @Test
  void run_jobDoesNotRun_itsSettingsAreNotedAllTheSame() throws IOException {
    answerSubmissions("FAILED");
    writeRunning();
    assertTrue(failing("submit serve --set batch.count=8").contains("expected RUNNING"));
    assertEquals(List.of("batch.count=8"), noted());
  }

  private List<String> noted() throws IOException {
    String id = new ObjectMapper().readTree(submitted.get(0)).path("jobId").asText();
    return Files.readAllLines(root.resolve(".millrace/cluster/submitted").resolve(id));
  }

  @Test
  void run_settingsCannotBeNoted_isToldAndSucceeds() throws IOException {
    answerSubmissions();
    writeRunning();
    Files.writeString(root.resolve(".millrace/cluster/submitted"), "no folder");
    assertEquals(0, run("submit serve"), err::toString);
    assertTrue(out.toString().startsWith("job 3f9a runs on "), out::toString);
    assertTrue(err.toString().contains("submitted"), err::toString);
  }

  /** The task managers run in the cluster's folder, and looked there. */
  @Test
  void run_relativePaths_areOfTheFolderOfTheCommand() throws IOException {
    answerSubmissions();
    writeRunning();
    String line =
        "submit serve --set base.dir=../models/nano --set base.previous=../models/nano --set base.align="
            + " --set store.uri=s3://bucket/store --set redis.caFile=ca.pem --set batch.count=8"
            + " --savepoint kept";
    assertEquals(0, run(line), err::toString);
    JsonNode body = new ObjectMapper().readTree(submitted.get(0));
    Path here = Path.of("").toAbsolutePath();
    assertEquals(here.resolve("kept").toString(), body.path("savepointPath").asText());
    List<String> set =
        List.of(
            "base.dir=" + here.resolveSibling("models").resolve("nano"),
            "base.previous=" + here.resolveSibling("models").resolve("nano"),
            "base.align=",
            "store.uri=s3://bucket/store",
            "redis.caFile=" + here.resolve("ca.pem"),
            "batch.count=8");
    List<String> given = new ArrayList<>();
    body.path("programArgsList").forEach(argument -> given.add(argument.asText()));
    assertEquals(set, given.subList(given.size() - set.size(), given.size()));
    assertTrue(given.contains("batch.idleMillis=30000"), given::toString);
    assertEquals(set, noted());
  }

  @Test
  void stop_jobOfAnotherCluster_goesOnThere() {
    answerAll(
        """
        {"jobs": [{"jid": "3f9a", "name": "millrace-serve", "state": "RUNNING"}],
         "status": {"id": "COMPLETED"}, "operation": {"location": "s3://bucket/savepoint-3f9a-1"}}
        """);
    String rest = "http://127.0.0.1:" + flink.getAddress().getPort();
    assertEquals(0, run("stop serve --rest " + rest), err::toString);
    assertTrue(
        out.toString()
            .contains(
                "./millrace submit serve --rest " + rest + " --savepoint s3://bucket/savepoint-"),
        out::toString);
  }

  @ParameterizedTest
  @ValueSource(strings = {"submit serve", "stop serve"})
  void run_jobManagerHasEnded_saysHowItIsStartedAgain(String line) throws IOException {
    writeState(root, 1, "before this process");
    String said = failing(line);
    assertTrue(said.contains("jobmanager of the cluster on this machine does not run"), said);
  }

  private void answerSubmissions() throws IOException {
    answerSubmissions("RUNNING");
  }

  private void answerSubmissions(String state) throws IOException {
    answerAll(
        """
        {"jobs": [], "filename": "/jars/1.jar", "jobid": "3f9a", "state": "%s",
         "vertices": [{"status": "RUNNING", "parallelism": 1, "tasks": {"RUNNING": 1}}]}
        """
            .formatted(state));
    Path target = Files.createDirectories(root.resolve("flink-jobs").resolve("target"));
    Files.createFile(target.resolve("millrace-job.jar"));
  }

  private void answerAll(String answer) {
    byte[] bytes = answer.getBytes(StandardCharsets.UTF_8);
    flink.createContext(
        "/",
        exchange -> {
          asked.add(exchange.getRequestMethod() + " " + exchange.getRequestURI());
          byte[] body = exchange.getRequestBody().readAllBytes();
          if (exchange.getRequestURI().getPath().endsWith("/run")) {
            submitted.add(new String(body, StandardCharsets.UTF_8));
          }
          exchange.sendResponseHeaders(200, bytes.length);
          exchange.getResponseBody().write(bytes);
          exchange.close();
        });
  }

  private int run(String line) {
    return run(line.split(" "));
  }

  /** What it says on standard error. */
  private String failing(String line) {
    err.getBuffer().setLength(0);
    assertEquals(Output.FAILED, run(line));
    return err.toString();
  }

  private void writeRunning() throws IOException {
    String started = ProcessHandle.current().info().startInstant().orElseThrow().toString();
    writeState(root, flink.getAddress().getPort(), started);
  }

  private static void writeState(Path root, int port, String started) throws IOException {
    Path state = root.resolve(".millrace/cluster/cluster.properties");
    Files.createDirectories(state.getParent());
    Files.writeString(
        state,
        """
        bootstrap=127.0.0.1\\:1
        redis=redis\\://127.0.0.1\\:1
        rest=http\\://127.0.0.1\\:%d
        processes=1
        process.0.name=jobmanager
        process.0.pid=%d
        process.0.started=%s
        """
            .formatted(port, ProcessHandle.current().pid(), started.replace(":", "\\:")));
  }
}
