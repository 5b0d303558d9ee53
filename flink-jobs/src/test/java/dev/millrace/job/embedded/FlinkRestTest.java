package dev.millrace.job.embedded;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.flink.configuration.Configuration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class FlinkRestTest {

  /** What a job manager says whose lib/ is that of Flink's own image. */
  private static final String BARE =
      "{\"errors\":[\"Internal server error.\",\"org.apache.flink.client.program.ProgramInvocationException: The main method caused an error\\n"
          + "Caused by: java.lang.NoClassDefFoundError: com/fasterxml/jackson/core/JsonProcessingException\\n\"]}";

  /** As Flink 2.2 tells a failure, which has no {@code root-exception} any more. */
  private static final String FAILED =
      """
      {"exceptionHistory": {"entries": [
        {"exceptionName": "org.apache.flink.runtime.JobException",
         "stacktrace": "org.apache.flink.runtime.JobException: Recovery is suppressed by NoRestartBackoffTimeStrategy\\n\\tat org.apache.flink.runtime.A.b(A.java:1)\\nCaused by: java.lang.IllegalArgumentException: base nowhere, expected a folder\\n\\tat dev.millrace.X.y(X.java:2)\\n\\t... 3 more\\n",
         "timestamp": 1764226800000, "taskName": "serve (1/1) - execution #0", "endpoint": "127.0.0.1:1", "taskManagerId": "taskmanager-1", "failureLabels": {}, "concurrentExceptions": []},
        {"exceptionName": "java.lang.RuntimeException", "stacktrace": "java.lang.RuntimeException: an older one\\n",
         "timestamp": 1764226700000, "failureLabels": {}, "concurrentExceptions": []}],
       "truncated": false}}
      """;

  private static final String NO_FAILURE =
      "{\"exceptionHistory\": {\"entries\": [], \"truncated\": false}}";

  private static final String WAITING =
      """
      {"jid": "x", "name": "millrace-serve", "state": "RUNNING", "vertices": [
        {"parallelism": 4, "status": "CREATED", "tasks": {"CREATED": 1, "SCHEDULED": 2, "RUNNING": 1, "FINISHED": 0}},
        {"parallelism": 1, "status": "RUNNING", "tasks": {"CREATED": 0, "SCHEDULED": 0, "RUNNING": 1, "FINISHED": 0}}]}
      """;

  private static final String RUNNING =
      """
      {"jid": "x", "name": "millrace-serve", "state": "RUNNING", "vertices": [
        {"parallelism": 4, "status": "RUNNING", "tasks": {"RUNNING": 4}}]}
      """;

  private static final String FULL =
      "{\"taskmanagers\": 2, \"slots-total\": 8, \"slots-available\": 0}";

  private final Map<String, String> answers = new ConcurrentHashMap<>();
  private final List<String> told = new CopyOnWriteArrayList<>();

  private HttpServer cluster;
  private URI url;

  @BeforeEach
  void start() throws IOException {
    cluster = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    cluster.createContext(
        "/",
        exchange -> {
          String known = answers.get(exchange.getRequestURI().getPath());
          byte[] body = (known == null ? BARE : known).getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(known == null ? 500 : 200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    cluster.start();
    url = URI.create("http://127.0.0.1:" + cluster.getAddress().getPort());
  }

  @AfterEach
  void stop() {
    cluster.stop(0);
  }

  @Test
  void state_clusterLacksAClass_saysWhichAndWhereItComesFrom() {
    FlinkRest rest = new FlinkRest(url);
    String said = assertThrows(FlinkRestException.class, () -> rest.state("x")).getMessage();
    assertTrue(said.contains("com.fasterxml.jackson.core.JsonProcessingException"), said);
    assertTrue(said.contains("docker/Dockerfile"), said);
    assertEquals(1, said.lines().count());
  }

  @Test
  void state_whatAnswersIsNotFlink_saysSo() {
    answers.put("/jobs/x", "<html>\nsomething else</html>");
    FlinkRest rest = new FlinkRest(url);
    String said = assertThrows(FlinkRestException.class, () -> rest.state("x")).getMessage();
    assertEquals(
        "what answers at %s is not Flink, expected the REST address of a job manager"
            .formatted(url),
        said);
  }

  /** A job manager that hangs takes calls: for two minutes nothing was said. */
  @Test
  void jobs_nobodyAnswersSoon_tellsHowLongItWaits() throws Exception {
    try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      URI hanging = URI.create("http://127.0.0.1:" + silent.getLocalPort());
      CountDownLatch said = new CountDownLatch(1);
      FlinkRest rest =
          new FlinkRest(
              hanging,
              new Configuration(),
              line -> {
                told.add(line);
                said.countDown();
              });
      CompletableFuture<List<FlinkJob>> asked = CompletableFuture.supplyAsync(rest::jobs);
      assertTrue(said.await(1, TimeUnit.MINUTES));
      assertFalse(asked.isDone());
      silent.accept().close();
      assertThrows(CompletionException.class, asked::join);
      assertEquals(
          List.of("Flink at %s has not answered in 2 s, waiting 20 s for it".formatted(hanging)),
          told);
    }
  }

  @Test
  void awaitRunning_jobFails_saysTheInnermostCauseOfTheLastFailure() {
    answers.put("/jobs/x", "{\"state\": \"FAILED\"}");
    answers.put("/jobs/x/exceptions", FAILED);
    assertEquals(
        "job x is FAILED, expected RUNNING: base nowhere, expected a folder",
        refused(Duration.ZERO));
  }

  @Test
  void lastFailure_causesBelowEachOther_areOneLine() {
    answers.put("/jobs/x/exceptions", FAILED);
    answers.put("/jobs/y/exceptions", NO_FAILURE);
    FlinkRest rest = new FlinkRest(url);
    assertEquals(
        "failed last at 2025-11-27T07:00:00Z: Recovery is suppressed by"
            + " NoRestartBackoffTimeStrategy: base nowhere, expected a folder",
        rest.lastFailure("x").orElseThrow().toString());
    assertTrue(rest.lastFailure("y").isEmpty());
  }

  /** It said {@code /secrets/key}, and not what was wrong with it. */
  @Test
  void lastFailure_messageIsAFileAlone_saysWhatIsWrongWithIt() {
    String missing = "java.nio.file.NoSuchFileException: /secrets/key";
    answers.put(
        "/jobs/x/exceptions",
        FAILED.replace(
            "java.lang.IllegalArgumentException: base nowhere, expected a folder", missing));
    String said = new FlinkRest(url).lastFailure("x").orElseThrow().toString();
    assertTrue(said.endsWith("NoRestartBackoffTimeStrategy: /secrets/key: no such file"), said);
  }

  @Test
  void awaitRunning_causeIsVeryLong_isCut() {
    answers.put("/jobs/x", "{\"state\": \"FAILED\"}");
    answers.put("/jobs/x/exceptions", FAILED.replace("nowhere", "x".repeat(10_000)));
    String said = refused(Duration.ZERO);
    assertTrue(said.length() < 700, said);
    assertTrue(said.contains("base xxx"), said);
  }

  @Test
  void awaitRunning_slotsDoNotSuffice_saysWhatWaitsAndHowToEndTheJob() {
    answers.put("/jobs/x", WAITING);
    answers.put("/jobs/x/exceptions", NO_FAILURE);
    answers.put("/overview", FULL);
    assertEquals(
        "job x is RUNNING, 3 of 5 tasks do not run, 0 of 8 slots are free after 0 s, expected all"
            + " to run; it is still there: curl -X PATCH '"
            + url
            + "/jobs/x?mode=cancel' ends it",
        refused(Duration.ZERO));
  }

  @Test
  void awaitRunning_jobFailsAgainAndAgain_saysWhy() {
    answers.put("/jobs/x", WAITING.replace("RUNNING\", \"vertices", "RESTARTING\", \"vertices"));
    answers.put("/jobs/x/exceptions", FAILED);
    answers.put("/overview", FULL);
    String said = refused(Duration.ZERO);
    assertTrue(
        said.startsWith(
            "job x is RESTARTING (base nowhere, expected a folder), 3 of 5 tasks do not run"),
        said);
  }

  @Test
  void awaitRunning_takesLong_tellsWhatItWaitsFor() {
    answers.put("/jobs/x", WAITING);
    answers.put("/jobs/x/exceptions", NO_FAILURE);
    answers.put("/overview", FULL);
    FlinkRest rest =
        new FlinkRest(
            url,
            new Configuration(),
            line -> {
              told.add(line);
              answers.put("/jobs/x", RUNNING);
            });
    rest.awaitRunning("x", Duration.ZERO, Duration.ofMinutes(1));
    assertEquals(List.of("job x is RUNNING, 3 of 5 tasks do not run, 0 of 8 slots are free"), told);
  }

  @Test
  void restores_aTaskIsInitializing_isTrue() {
    answers.put("/jobs/x", RUNNING.replace("{\"RUNNING", "{\"INITIALIZING\": 1, \"RUNNING"));
    answers.put("/jobs/y", RUNNING);
    FlinkRest rest = new FlinkRest(url);
    assertTrue(rest.restores("x"));
    assertFalse(rest.restores("y"));
  }

  @Test
  void unfinished_jobsOfOtherNamesOrOver_areLeftOut() {
    answers.put(
        "/jobs/overview",
        """
        {"jobs": [
          {"jid": "1", "name": "millrace-serve", "state": "CANCELED"},
          {"jid": "2", "name": "millrace-learn", "state": "RUNNING"},
          {"jid": "3", "name": "millrace-serve", "state": "RESTARTING"}]}
        """);
    FlinkRest rest = new FlinkRest(url);
    assertEquals(
        List.of(new FlinkJob("3", "millrace-serve", "RESTARTING", 0, 0)),
        rest.unfinished("millrace-serve"));
  }

  @Test
  void jobs_oneThatRunsWithoutItsTasks_saysSo() {
    answers.put(
        "/jobs/overview",
        """
        {"jobs": [
          {"jid": "1", "name": "millrace-serve", "state": "RUNNING",
            "tasks": {"total": 7, "running": 5, "finished": 1, "scheduled": 1}},
          {"jid": "2", "name": "millrace-learn", "state": "RUNNING",
            "tasks": {"total": 2, "running": 2, "finished": 0, "scheduled": 0}}]}
        """);
    FlinkRest rest = new FlinkRest(url);
    assertEquals(
        "[millrace-serve RUNNING 1, 1 of 7 tasks do not run, millrace-learn RUNNING 2]",
        rest.jobs().toString());
  }

  private String refused(Duration patience) {
    FlinkRest rest = new FlinkRest(url);
    String said =
        assertThrows(
                FlinkRestException.class, () -> rest.awaitRunning("x", Duration.ZERO, patience))
            .getMessage();
    assertEquals(1, said.lines().count());
    return said;
  }
}
