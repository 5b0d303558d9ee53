package dev.millrace.job.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.net.httpserver.HttpServer;
import dev.millrace.job.cli.cluster.ClusterCommand;
import dev.millrace.job.cli.cluster.Submitted;
import dev.millrace.job.cli.options.Home;
import dev.millrace.job.cli.options.Output;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
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

/** What commands make of a cluster that is up in part: Redis runs, Kafka and Flink do not. */
class ClusterCommandTest extends MovesHome {

  private Process running;

  @BeforeEach
  void startOneProcess() throws IOException {
    running = new ProcessBuilder("sleep", "600").start();
    Files.createDirectories(root.resolve(".millrace/cluster/store"));
    Files.writeString(root.resolve("lines"), "{\"id\": \"1\", \"text\": \"some text\"}\n");
    write(true, "kafka", 1);
  }

  @AfterEach
  void endIt() throws InterruptedException {
    running.destroyForcibly().waitFor();
  }

  private void write(boolean complete, String ended, int flink) throws IOException {
    Files.writeString(
        root.resolve(".millrace/cluster/cluster.properties"),
        """
        complete=%s
        bootstrap=127.0.0.1\\:1
        redis=redis\\://127.0.0.1\\:1
        rest=http\\://127.0.0.1\\:%d
        processes=2
        process.0.name=redis
        process.0.pid=%d
        process.0.started=%s
        process.1.name=%s
        process.1.pid=%3$d
        process.1.started=0
        process.1.command=sleep\\n600
        """
            .formatted(
                complete,
                flink,
                running.pid(),
                running.info().startInstant().orElseThrow(),
                ended));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "produce --topic millrace.samples --domain d ROOT/lines",
        "ask --domain d hello",
        "gateway --port 0",
        "topics",
        "sql ROOT/lines",
        "autoscale --minutes 1"
      })
  void run_kafkaHasEnded_noOtherBrokerIsUsed(String line) {
    assertEquals(Output.FAILED, run(line.replace("ROOT", root.toString()).split(" ")));
    assertEquals(1, err.toString().strip().lines().count(), err::toString);
    assertTrue(err.toString().contains("kafka"), err::toString);
    assertTrue(err.toString().contains("./millrace cluster up"), err::toString);
  }

  /** It waited two minutes for a job that nothing there runs. */
  @Test
  void ask_jobManagerHasEnded_saysSoAtOnce() throws IOException {
    write(true, "jobmanager", 1);
    Path file = root.resolve(".millrace/cluster/cluster.properties");
    Files.writeString(file, Files.readString(file).replace("name=redis", "name=kafka"));
    assertEquals(Output.FAILED, run("ask", "--domain", "d", "hello"));
    assertEquals(
        "millrace: jobmanager of the cluster on this machine does not run: ./millrace cluster up starts what has ended, cluster down ends the rest",
        err.toString().strip());
  }

  @Test
  void releases_kafkaHasEnded_theClustersStoreIsListed() {
    assertEquals(0, run("releases", "list"), err::toString);
  }

  @Test
  void up_nothingIsUp_saysFirstWhatStartsAndWhereItsLogsAre() throws IOException {
    Files.delete(root.resolve(".millrace/cluster/cluster.properties"));
    assertEquals(Output.FAILED, run("cluster", "up"), "there is no build here to start");
    Path logs = root.resolve(".millrace/cluster/log");
    assertTrue(
        err.toString().startsWith("starting Kafka, Redis and Flink; logs: " + logs), err::toString);
  }

  @Test
  void up_allIsUp_saysNothingElse() throws IOException {
    HttpServer flink = flink(() -> true);
    writeRunning(flink);
    flink.stop(0);
    assertEquals(Output.FAILED, run("cluster", "up"));
    assertEquals(
        "millrace: a cluster is up already: http://127.0.0.1:" + flink.getAddress().getPort(),
        err.toString().strip());
  }

  /** Flink answers some time after its job manager was started, here once that was said. */
  @Test
  void up_jobManagerHadEnded_isUpOnceFlinkAnswers() throws IOException {
    HttpServer flink = flink(() -> err.toString().contains("waiting for jobmanager"));
    Files.createDirectories(root.resolve(".millrace/cluster/log"));
    write(true, "jobmanager", flink.getAddress().getPort());
    try {
      assertEquals(0, run("cluster", "up"), err::toString);
    } finally {
      Home.here().cluster().down();
      flink.stop(0);
    }
    assertFalse(out.toString().contains("Flink does not answer"), out::toString);
    for (String job : List.of("serve", "learn")) {
      String begins = "no %s job yet: ./millrace submit %1$s".formatted(job);
      assertTrue(
          out.toString().lines().anyMatch(line -> line.strip().equals(begins)), out::toString);
    }
  }

  @ParameterizedTest
  @CsvSource({"--slots, 2", "--flink, state.backend.type=rocksdb"})
  void up_optionsForPartOfACluster_areRefused(String option, String value) {
    assertEquals(Main.USAGE, run("cluster", "up", option, value));
    assertTrue(err.toString().contains(option), err::toString);
    assertTrue(err.toString().contains("cluster down"), err::toString);
  }

  @Test
  void status_startWasInterrupted_saysSo() throws IOException {
    assertEquals(Output.FAILED, run("cluster", "status"));
    assertTrue(!out.toString().contains("not all was started"), out::toString);
    write(false, "kafka", 1);
    assertEquals(Output.FAILED, run("cluster", "status"));
    assertTrue(out.toString().contains("not all was started"), out::toString);
  }

  @Test
  void status_flinkDoesNotAnswer_saysThatItsJobsAreNotKnown() {
    assertEquals(Output.FAILED, run("cluster", "status"));
    assertTrue(out.toString().contains("Flink does not answer"), out::toString);
    assertFalse(out.toString().contains("submit"), out::toString);
  }

  /** As after its job manager was lost, with all jobs that it had. */
  @Test
  void status_flinkHasNoJobAndOneBeforeLeftItsState_saysHowItGoesOn() throws IOException {
    Path kept = keepCheckpoint();
    Submitted.here().note("3f9b", List.of("batch.count=64"));
    Submitted.here().note("3f9a", List.of("batch.count=32", "kafka.prefix=a team's"));
    HttpServer flink = flink(() -> true);
    write(true, "kafka", flink.getAddress().getPort());
    try {
      assertEquals(Output.FAILED, run("cluster", "status"));
    } finally {
      flink.stop(0);
    }
    String goesOn =
        "./millrace submit learn --savepoint "
            + kept.getParent()
            + " --set batch.count=32 --set 'kafka.prefix=a team'\\''s' goes on from there";
    assertTrue(out.toString().contains(goesOn), out::toString);
    String begins = "no serve job yet: ./millrace submit serve";
    assertTrue(out.toString().lines().anyMatch(line -> line.strip().equals(begins)), out::toString);
    assertFalse(out.toString().contains("no learn job yet"), out::toString);
  }

  private Path keepCheckpoint() throws IOException {
    Path kept = root.resolve(".millrace/cluster/checkpoints/3f9a/chk-7");
    Files.createDirectories(kept);
    try (var metadata = Files.newOutputStream(kept.resolve("_metadata"))) {
      Checkpoints.storeCheckpointMetadata(
          new CheckpointMetadata(
              7, List.of(new OperatorState("learn", "learn", new OperatorID(), 1, 1)), List.of()),
          metadata);
    }
    return kept;
  }

  /** It was told to go on from there again, and would have failed at each start. */
  @ParameterizedTest
  @CsvSource({
    "state has [new] of a domain: it is of another version of Millrace, CANCELED, 0, 3f9a, true",
    "state has [new] of a domain: it is of another version of Millrace, CANCELED, 1, 3f9a, false",
    "state has [new] of a domain: it is of another version of Millrace, CANCELED, 0, 3f90, false",
    "state has [new] of a domain: it is of another version of Millrace, RUNNING, 0, 3f9a, false",
    "broker b is away, CANCELED, 0, 3f9a, false"
  })
  void status_lastJobRefusedTheState_saysSoAndWhatElseThereIs(
      String why, String state, int checkpoints, String from, boolean refused) throws IOException {
    Path kept = keepCheckpoint();
    String job =
        "{\"jid\": \"%s\", \"name\": \"millrace-learn\", \"state\": \"%s\", \"start-time\": %d}";
    String said =
        "{\"jobs\": [%s, %s], \"exceptionHistory\": {\"entries\": [{\"timestamp\": 7, \"stacktrace\": \"java.lang.IllegalStateException: %s\"}]}, \"counts\": {\"completed\": %d}, \"latest\": {\"restored\": {\"external_path\": \"file:%s/chk-3\"}}}"
            .formatted(
                job.formatted("3f9a", "CANCELED", 1),
                job.formatted("3f9b", state, 2),
                why,
                checkpoints,
                kept.getParent().resolveSibling(from));
    HttpServer flink = flink(() -> true, said);
    writeRunning(flink);
    try {
      boolean runs = state.equals("RUNNING");
      assertEquals(0, run("cluster", "status"), out::toString);
      String expected =
          "no learn job; the last one refused the state that one before has left: %s; once that is mended, ./millrace submit learn --savepoint %s goes on from there; ./millrace submit learn begins from nothing"
              .formatted(why, kept.getParent());
      assertEquals(refused, out.toString().contains(expected), out::toString);
      assertEquals(
          !refused && !runs,
          out.toString().contains("one before has left its state"),
          out::toString);
    } finally {
      flink.stop(0);
    }
  }

  /** Each query in SQL is a job, and Flink knows of the last thousand. */
  @Test
  void status_manyJobsHaveEnded_tellsTheNewestAndAllThatRun() throws IOException {
    String job = "{\"jid\": \"id%d\", \"name\": \"%s\", \"state\": \"%s\", \"start-time\": %d}";
    String jobs =
        IntStream.range(0, 13)
            .mapToObj(
                i ->
                    job.formatted(
                        i, i == 0 ? "a-serve" : "sql", i == 0 ? "RUNNING" : "FINISHED", i))
            .collect(Collectors.joining(", "));
    HttpServer flink = flink(() -> true, "{\"jobs\": [%s]}".formatted(jobs));
    writeRunning(flink);
    try {
      assertEquals(0, run("cluster", "status"), out::toString);
      assertEquals(
          10,
          out.toString().lines().filter(line -> line.contains("FINISHED")).count(),
          out::toString);
      assertTrue(out.toString().contains("FINISHED id12"), out::toString);
      assertTrue(out.toString().contains("a-serve RUNNING id0"), out::toString);
      assertTrue(out.toString().contains("and 2 that ended before"), out::toString);
    } finally {
      flink.stop(0);
    }
  }

  @Test
  void status_asJsonOfManyJobsThatFailed_tellsTheFailureOfEach() throws IOException {
    String job =
        "{\"jid\": \"id%1$d\", \"name\": \"sql\", \"state\": \"FAILED\", \"start-time\": %1$d}";
    String jobs = IntStream.range(0, 13).mapToObj(job::formatted).collect(Collectors.joining(", "));
    String failure = "{\"timestamp\": 1, \"stacktrace\": \"java.io.IOException: no room\"}";
    HttpServer flink =
        flink(
            () -> true,
            "{\"jobs\": [%s], \"exceptionHistory\": {\"entries\": [%s]}}".formatted(jobs, failure));
    writeRunning(flink);
    try {
      assertEquals(0, run("cluster", "status", "--json"), out::toString);
    } finally {
      flink.stop(0);
    }
    assertEquals(13, out.toString().lines().filter(line -> line.contains("no room")).count());
  }

  @Test
  void status_allRunAndFlinkAnswersNoMore_fails() throws IOException {
    HttpServer flink = flink(() -> out.toString().isEmpty());
    writeRunning(flink);
    try {
      assertEquals(0, run("cluster", "status"), out::toString);
      assertEquals(Output.FAILED, run("cluster", "status", "--json"), out::toString);
      assertTrue(out.toString().contains("\"flinkAnswers\" : false"), out::toString);
      assertFalse(out.toString().contains("\"stopped\" : true"), out::toString);
      assertEquals("Flink does not answer: which jobs it has is not known", why());
    } finally {
      flink.stop(0);
    }
  }

  @Test
  void status_processIsStopped_fails() throws Exception {
    Path stat = Path.of("/proc/%d/stat".formatted(running.pid()));
    assumeTrue(Files.exists(stat));
    HttpServer flink = flink(() -> true);
    writeRunning(flink);
    try {
      new ProcessBuilder("kill", "-STOP", String.valueOf(running.pid())).start().waitFor();
      while (!Files.readString(stat).contains(" T ")) {
        Thread.onSpinWait();
      }
      assertEquals(Output.FAILED, run("cluster", "status", "--json"), out::toString);
      assertTrue(out.toString().contains("\"stopped\" : true"), out::toString);
      assertTrue(out.toString().contains("\"flinkAnswers\" : true"), out::toString);
      assertEquals("redis is stopped; kafka is stopped", why());
    } finally {
      flink.stop(0);
    }
  }

  @Test
  void status_asJsonOfNoneOrPartOfACluster_saysWhyItFails() throws IOException {
    write(false, "kafka", 1);
    assertEquals(Output.FAILED, run("cluster", "status", "--json"));
    assertTrue(why().startsWith("kafka has ended; not all was started: "), err::toString);
    assertTrue(
        why().endsWith("; Flink does not answer: which jobs it has is not known"), err::toString);
    Files.delete(root.resolve(".millrace/cluster/cluster.properties"));
    assertEquals(Output.FAILED, run("cluster", "status", "--json"));
    assertEquals("no cluster", why());
  }

  /** The last line on standard error. */
  private String why() {
    String all = err.toString().strip();
    String last = all.substring(all.lastIndexOf('\n') + 1);
    assertTrue(last.startsWith("millrace: "), last);
    return last.substring("millrace: ".length());
  }

  /** Two processes that run, of which none is a job manager. */
  private void writeRunning(HttpServer flink) throws IOException {
    write(true, "kafka", flink.getAddress().getPort());
    Path file = root.resolve(".millrace/cluster/cluster.properties");
    String started = "process.1.started=" + running.info().startInstant().orElseThrow();
    Files.writeString(file, Files.readString(file).replace("process.1.started=0", started));
  }

  private static HttpServer flink(BooleanSupplier answers) throws IOException {
    return flink(answers, "{}");
  }

  private static HttpServer flink(BooleanSupplier answers, String said) throws IOException {
    HttpServer flink =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    flink.createContext(
        "/",
        exchange -> {
          byte[] body = said.getBytes(UTF_8);
          exchange.sendResponseHeaders(answers.getAsBoolean() ? 200 : 503, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    flink.start();
    return flink;
  }

  /** The cluster takes a second one past {@code submit}; what each fails with does not say why. */
  @Test
  void status_twoJobsOfOneName_saysSoAndHowToEndOne() throws IOException {
    String job = "{\"jid\": \"%s\", \"name\": \"millrace-%s\", \"state\": \"%s\"}";
    String jobs =
        String.join(
            ", ",
            job.formatted("3f9a", "serve", "RUNNING"),
            job.formatted("3f9b", "serve", "RESTARTING"),
            job.formatted("3f9c", "learn", "RUNNING"),
            job.formatted("3f9d", "learn", "CANCELED"));
    HttpServer flink = flink(() -> true, "{\"jobs\": [" + jobs + "]}");
    Submitted.here().note("3f9a", List.of());
    writeRunning(flink);
    try {
      assertEquals(Output.FAILED, run("cluster", "status", "--json"), out::toString);
    } finally {
      flink.stop(0);
    }
    assertEquals(
        "2 jobs are named millrace-serve, expected one: each takes the other's transactions; end all but one: curl -X PATCH 'http://127.0.0.1:%d/jobs/JOB?mode=cancel'; Kafka does not answer: whether it has the topics of the jobs is not known"
            .formatted(flink.getAddress().getPort()),
        why());
  }

  @Test
  void full_littleIsFree_saysOfWhichFolder() {
    String full = ClusterCommand.full(root, 5 << 20, false);
    assertTrue(full.contains("5 MB are free for " + root + ":"), full);
    assertEquals("", ClusterCommand.full(root, 1L << 30, false));
    String readOnly = ClusterCommand.full(root, 1L << 30, true);
    assertTrue(readOnly.contains("the disk of " + root + " is read-only"), readOnly);
  }

  /** The store may be mounted, or linked to another disk; {@code /proc} is one without room. */
  @Test
  void status_storeIsOnAnotherDiskThatIsFull_saysSo() throws IOException {
    Path proc = Path.of("/proc");
    assumeTrue(Files.isDirectory(proc) && Files.getFileStore(proc).getUsableSpace() == 0);
    Path store = root.resolve(".millrace/cluster/store");
    Files.delete(store);
    Files.createSymbolicLink(store, proc);
    HttpServer flink = flink(() -> true);
    writeRunning(flink);
    try {
      assertEquals(Output.FAILED, run("cluster", "status", "--json"), out::toString);
    } finally {
      flink.stop(0);
    }
    assertTrue(why().startsWith("the disk is full, 0 MB are free for " + store + ":"), why());
  }

  @Test
  void status_fileIsEmpty_namesIt() throws IOException {
    Path file = root.resolve(".millrace/cluster/cluster.properties");
    Files.writeString(file, "");
    assertEquals(Output.FAILED, run("cluster", "status"));
    assertTrue(err.toString().contains(file.toString()), err::toString);
    assertEquals(1, err.toString().strip().lines().count(), err::toString);
  }
}
