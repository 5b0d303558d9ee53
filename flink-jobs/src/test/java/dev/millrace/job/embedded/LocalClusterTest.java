package dev.millrace.job.embedded;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.logging.log4j.core.config.Configuration;
import org.apache.logging.log4j.core.config.ConfigurationSource;
import org.apache.logging.log4j.core.config.properties.PropertiesConfigurationBuilder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Without the jars of a build, a start ends before any process does. */
class LocalClusterTest {

  @TempDir Path folder;

  private LocalCluster cluster;
  private ClusterProcess process;

  @BeforeEach
  void startAProcess() throws IOException {
    cluster = new LocalCluster(folder.resolve("build"), folder.resolve("cluster"));
    Files.createDirectories(cluster.home());
    process =
        ClusterProcess.start("kafka", "", List.of("sleep", "600"), folder, folder.resolve("said"));
    for (String kept : List.of("zookeeper-data", "ha", "kafka-data", "log")) {
      Files.createDirectories(cluster.home().resolve(kept));
      Files.writeString(cluster.home().resolve(kept).resolve("file"), "x");
    }
  }

  @AfterEach
  void endIt() {
    process.kill();
  }

  @Test
  void up_oldClusterHasEnded_itsJobsAreForgottenAndItsTopicsAreNot() {
    state(true);
    process.kill();
    assertThrows(UncheckedIOException.class, () -> cluster.up(ClusterShape.defaults()));
    assertFalse(Files.exists(cluster.home().resolve("zookeeper-data")));
    assertFalse(Files.exists(cluster.home().resolve("ha")));
    assertTrue(Files.exists(cluster.home().resolve("kafka-data").resolve("file")));
    assertTrue(Files.isDirectory(cluster.home().resolve("store")), "before the first release");
  }

  @Test
  void up_oldClusterLives_isRefusedAndItsJobsAreKept() {
    state(true);
    var e = assertThrows(IllegalStateException.class, () -> cluster.up(ClusterShape.defaults()));
    assertTrue(e.getMessage().startsWith("a cluster is up already"), e.getMessage());
    assertTrue(process.isAlive());
    assertTrue(Files.exists(cluster.home().resolve("zookeeper-data").resolve("file")));
  }

  /** Jobs of a new build went on with the model runtime that the cluster was started with. */
  @Test
  void requireThisBuild_jarsWereBuiltAnew_namesThoseThatDiffer() throws IOException {
    cluster.requireThisBuild();
    Path built = Files.createDirectories(folder.resolve("build/lib"));
    Path used = Files.createDirectories(cluster.home().resolve("lib"));
    for (Path lib : List.of(built, used)) {
      for (String jar : List.of("schemas-1.jar", "model-runtime-1.jar", "api-1.jar")) {
        Files.writeString(lib.resolve(jar), jar);
      }
    }
    cluster.requireThisBuild();
    Files.writeString(built.resolve("schemas-1.jar"), "another");
    Files.writeString(built.resolve("api-1.jar"), "another");
    var e = assertThrows(IllegalStateException.class, cluster::requireThisBuild);
    assertTrue(e.getMessage().contains("with schemas-1.jar of another build"), e::getMessage);
    Files.delete(built.resolve("schemas-1.jar"));
    assertThrows(IllegalStateException.class, cluster::requireThisBuild);
  }

  @Test
  void up_diskIsFull_saysWhichFileCannotBeWritten() throws IOException {
    Path full = Path.of("/dev/full");
    assumeTrue(Files.exists(full));
    process.kill();
    Files.createDirectories(folder.resolve("build/lib"));
    for (String jar : List.of("flink-jobs.jar", ClusterLib.WARM_UP)) {
      Files.writeString(folder.resolve("build").resolve(jar), "");
    }
    Path conf = Files.createDirectories(cluster.home().resolve("conf"));
    Path logging = Files.createSymbolicLink(conf.resolve("log4j2.properties"), full);
    var e = assertThrows(UncheckedIOException.class, () -> cluster.up(ClusterShape.defaults()));
    assertTrue(e.getMessage().contains(logging.toString()), e.getMessage());
  }

  @Test
  void up_lastStartWasInterrupted_whatItLeftIsStopped() {
    state(false);
    assertThrows(UncheckedIOException.class, () -> cluster.up(ClusterShape.defaults()));
    assertFalse(process.isAlive());
    assertTrue(cluster.status().isEmpty());
  }

  @Test
  void revive_stateCannotBeWritten_leavesNoProcess() throws IOException {
    state(true);
    process.kill();
    Files.createDirectories(cluster.home().resolve("cluster.properties.next"));
    Set<ProcessHandle> before = children();
    var e = assertThrows(UncheckedIOException.class, () -> cluster.revive("kafka"));
    assertTrue(e.getMessage().startsWith("cannot write"), e.getMessage());
    Set<ProcessHandle> left = children();
    left.removeAll(before); // others may have ended
    assertEquals(Set.of(), left);
  }

  @Test
  void revive_processWasKilled_itsTemporaryFilesAreGoneAndThoseOfOthersAreNot() throws IOException {
    ClusterProcess lost =
        ClusterProcess.start(
            "taskmanager-1", "", List.of("sleep", "0"), folder, folder.resolve("said"));
    state(true, lost);
    lost.kill();
    for (String name : List.of("kafka", "taskmanager-1", "taskmanager-11")) {
      Files.createDirectories(cluster.home().resolve("tmp").resolve(name).resolve("tm_1"));
    }
    cluster.revive("taskmanager-1");
    try (Stream<Path> left = Files.list(cluster.home().resolve("tmp"))) {
      assertEquals(
          List.of("kafka", "taskmanager-11"),
          left.map(path -> path.getFileName().toString()).sorted().toList());
    } finally {
      cluster.kill("taskmanager-1");
    }
  }

  /** Without its salt a task manager would let teach what judges, and nobody would know. */
  @Test
  void revive_fromAShellWithoutTheSecrets_theyAreThoseOfWhatStillRuns() throws IOException {
    assumeTrue(Files.exists(Path.of("/proc/self/environ")));
    process.kill();
    Path said = folder.resolve("said");
    process =
        new ClusterProcess("kafka", 0, "", "", List.of("sleep", "600"))
            .start(Map.of("MILLRACE_HELD_OUT_SALT", "salt = b", "OTHER", "x"), folder, said);
    String command = "printenv MILLRACE_HELD_OUT_SALT; printenv OTHER; echo that is all";
    ClusterProcess lost =
        ClusterProcess.start("taskmanager-1", "", List.of("sh", "-c", command), folder, said);
    lost.kill();
    state(true, lost);
    cluster.revive("taskmanager-1");
    Path log = cluster.home().resolve("log").resolve("taskmanager-1.out");
    assertTrue(Poll.until(Duration.ofSeconds(20), () -> lines(log).contains("that is all")));
    assertEquals(List.of("salt = b", "x", "that is all"), lines(log));
  }

  @Test
  void differing_variablesOfMillrace_areNamedWithoutTheirValues() {
    Map<String, String> shell =
        Map.of("MILLRACE_A", "1", "MILLRACE_B", "2", "MILLRACE_C", "3", "OTHER", "4");
    Map<String, String> running = Map.of("MILLRACE_A", "1", "MILLRACE_B", "9", "MILLRACE_D", "5");
    assertEquals(List.of("MILLRACE_B", "MILLRACE_C"), ClusterProcess.differing(shell, running));
  }

  /** Else {@code cluster up} would start it beside the one that took its place. */
  @Test
  void addTaskManager_oneHasEnded_startsItAgain() {
    ClusterProcess lost = taskManager();
    lost.kill();
    state(true, lost);
    cluster.addTaskManager();
    try {
      assertEquals(
          List.of("kafka", "taskmanager-1"),
          cluster.status().orElseThrow().processes().stream().map(ClusterProcess::name).toList());
      assertTrue(cluster.status().orElseThrow().isUp());
      cluster.addTaskManager();
      assertEquals(
          List.of("taskmanager-1", "taskmanager-2"),
          cluster.taskManagers().stream().map(ClusterProcess::name).toList());
    } finally {
      cluster.kill("taskmanager-1");
      cluster.status().orElseThrow().process("taskmanager-2").ifPresent(ClusterProcess::kill);
    }
  }

  /** It was left alone then, and none was added. */
  @Test
  void addTaskManager_anotherCommandStartsWhatHasEnded_startsOneMore() throws Exception {
    ClusterProcess lost = taskManager();
    lost.kill();
    state(true, lost);
    Process other = ClusterLockTest.other(cluster.home().resolve("lock"));
    Thread adding = new Thread(cluster::addTaskManager);
    try {
      adding.start();
      assertTrue(
          Poll.until(
              Duration.ofSeconds(20), () -> adding.getState() == Thread.State.TIMED_WAITING));
      state(true, taskManager());
      other.outputWriter().close();
      adding.join();
      assertEquals(
          List.of("taskmanager-1", "taskmanager-2"),
          cluster.taskManagers().stream().map(ClusterProcess::name).toList());
    } finally {
      other.destroyForcibly().waitFor();
      cluster.taskManagers().forEach(ClusterProcess::kill);
    }
  }

  private ClusterProcess taskManager() {
    return ClusterProcess.start(
        "taskmanager-1", "", List.of("sleep", "600"), folder, folder.resolve("said"));
  }

  private static List<String> lines(Path log) {
    try {
      return Files.readAllLines(log);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void reviveEnded_nothingIsLeftButRedis_saysWhoseSecretsAreTaken() {
    process.kill();
    process =
        ClusterProcess.start("redis", "", List.of("sleep", "600"), folder, folder.resolve("said"));
    state(true);
    List<String> told = new ArrayList<>();
    ClusterState unused = cluster.reviveEnded(told::add);
    assertEquals(
        List.of("no process shows the cluster's secrets: those of this shell are taken"), told);
  }

  /** The port took connections, and that was all: the cluster was said to be up. */
  @Test
  @Timeout(60)
  void reviveEnded_whatListensIsNoRedisThatServes_saysWhatItAnswers() throws Exception {
    try (ServerSocket other = new ServerSocket(0, 9, InetAddress.getLoopbackAddress())) {
      String at = "127.0.0.1:" + other.getLocalPort();
      ClusterProcess redis =
          ClusterProcess.start(
              "redis", at, List.of("sleep", "600"), folder, folder.resolve("said"));
      redis.kill();
      CompletableFuture<Void> answering =
          CompletableFuture.runAsync(() -> answer(other, "-NOAUTH Authentication required.\r\n"));
      new ClusterState("127.0.0.1:1", "redis://" + at, "http://127.0.0.1:3", List.of(redis), true)
          .write(cluster.home().resolve("cluster.properties"));
      try {
        var e = assertThrows(IllegalStateException.class, () -> cluster.reviveEnded(told -> {}));
        assertEquals(
            "Redis at %s answers PING with -NOAUTH Authentication required., expected +PONG"
                .formatted(at),
            e.getMessage());
      } finally {
        cluster.kill("redis");
      }
      other.close();
      answering.join();
    }
  }

  /** Every connection, until it listens no more. */
  private static void answer(ServerSocket server, String words) {
    while (!server.isClosed()) {
      try (Socket client = server.accept()) {
        client.getOutputStream().write(words.getBytes(UTF_8));
        client.getOutputStream().flush();
        int unused = client.getInputStream().read();
      } catch (IOException e) {
        // who asked has gone, or it listens no more
      }
    }
  }

  /** Flink counts one that was killed for ten seconds more: {@code cluster up} took it for this. */
  @Test
  void reviveEnded_flinkHasNotMissedTheKilledTaskManager_waitsForTheNewOne() throws IOException {
    assertEquals(6, asksUntilTheNewOneIsThere(asked -> asked > 5 ? "2" : "1"));
  }

  /** Then nobody knew the old one, and it was taken for the new one. */
  @Test
  void reviveEnded_jobManagerIsSilentForAMoment_waitsForTheNewOne() throws IOException {
    assertEquals(6, asksUntilTheNewOneIsThere(asked -> asked > 5 ? "2" : asked > 2 ? "1" : ""));
  }

  private int asksUntilTheNewOneIsThere(IntFunction<String> port) throws IOException {
    ClusterProcess lost = taskManager();
    lost.kill();
    AtomicInteger asked = new AtomicInteger();
    HttpServer flink = flink(() -> port.apply(asked.incrementAndGet()));
    write(flink, lost);
    try {
      assertTrue(cluster.reviveEnded(told -> {}).isUp());
      return asked.get();
    } finally {
      flink.stop(0);
      cluster.kill("taskmanager-1");
    }
  }

  /** A job manager without its ZooKeeper says nothing: nothing was started again then. */
  @Test
  @Timeout(60)
  void reviveEnded_jobManagerIsSilentUntilAnotherIsStarted_startsThatFirst() throws IOException {
    AtomicInteger asked = new AtomicInteger();
    HttpServer flink =
        flink(
            () ->
                cluster.status().orElseThrow().process("zookeeper").orElseThrow().isAlive()
                    ? String.valueOf(asked.incrementAndGet())
                    : "");
    ClusterProcess lost = taskManager();
    lost.kill();
    ClusterProcess other =
        ClusterProcess.start(
            "zookeeper",
            "127.0.0.1:" + flink.getAddress().getPort(),
            List.of("sleep", "600"),
            folder,
            folder.resolve("said"));
    other.kill();
    write(flink, lost, other);
    List<String> told = new ArrayList<>();
    try {
      assertTrue(cluster.reviveEnded(told::add).isUp());
    } finally {
      flink.stop(0);
      cluster.kill("taskmanager-1");
      cluster.kill("zookeeper");
    }
    assertEquals(
        List.of(
            "zookeeper had ended, and is started again",
            "taskmanager-1 had ended, and is started again"),
        told.stream().filter(line -> line.contains("started again")).toList());
  }

  /** It waited for one more, and failed after five minutes. */
  @Test
  @Timeout(60)
  void reviveEnded_anotherCommandRevivesItMeanwhile_isContent() throws IOException {
    ClusterProcess lost = taskManager();
    lost.kill();
    AtomicReference<HttpServer> itself = new AtomicReference<>();
    HttpServer flink =
        flink(
            () -> {
              if (!cluster.status().orElseThrow().isUp()) {
                write(itself.get(), taskManager());
              }
              return "2";
            });
    itself.set(flink);
    write(flink, lost);
    try {
      assertTrue(cluster.reviveEnded(told -> {}).isUp());
    } finally {
      flink.stop(0);
      cluster.kill("taskmanager-1");
    }
  }

  /**
   * A job manager with one task manager.
   *
   * @param port where that can be reached; empty while it does not answer
   */
  private static HttpServer flink(Supplier<String> port) throws IOException {
    HttpServer flink =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    flink.createContext(
        "/taskmanagers",
        exchange -> {
          String one = "{\"id\": \"taskmanager-1\", \"path\": \"pekko.tcp://flink@127.0.0.1:%s\"}";
          String at = port.get();
          byte[] body = "{\"taskmanagers\": [%s]}".formatted(one.formatted(at)).getBytes(UTF_8);
          exchange.sendResponseHeaders(at.isEmpty() ? 503 : 200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    flink.start();
    return flink;
  }

  private void write(HttpServer flink, ClusterProcess... others) {
    new ClusterState(
            "127.0.0.1:1",
            "redis://127.0.0.1:2",
            "http://127.0.0.1:" + flink.getAddress().getPort(),
            Stream.concat(Stream.of(process), Arrays.stream(others)).toList(),
            true)
        .write(cluster.home().resolve("cluster.properties"));
  }

  @Test
  void down_filesWereDeleted_itsProcessesAreStoppedAndThoseOfOthersAreNot() throws IOException {
    ClusterProcess stray = waiting(cluster.home());
    ClusterProcess others = waiting(folder.resolve("cluster-2"));
    TempDirectory.delete(cluster.home());
    try {
      assertEquals(1, cluster.strays());
      assertEquals(1, cluster.down());
      assertFalse(stray.isAlive());
      assertTrue(others.isAlive());
    } finally {
      stray.kill();
      others.kill();
    }
    assertEquals(0, cluster.strays());
  }

  /** A process that logs for a cluster, as its Java processes do. */
  private ClusterProcess waiting(Path home) {
    String log = "-Dlog.file=" + home.resolve("log").resolve("jobmanager.log");
    List<String> command = List.of("tail", "-f", "--", "/dev/null", log);
    return ClusterProcess.start("jobmanager", "", command, folder, folder.resolve("said"));
  }

  private static Set<ProcessHandle> children() {
    return ProcessHandle.current()
        .children()
        .filter(ProcessHandle::isAlive)
        .collect(Collectors.toSet());
  }

  @Test
  void isAdaptive_asItWasStarted() throws IOException {
    for (ClusterShape shape :
        List.of(ClusterShape.defaults(), ClusterShape.defaults().adaptive())) {
      Path conf = Files.createDirectories(cluster.home().resolve("conf"));
      String yaml = FlinkProcesses.of(cluster.home(), 1, 2, shape).yaml();
      Files.writeString(conf.resolve("config.yaml"), yaml);
      assertEquals(yaml.contains("adaptive"), cluster.isAdaptive());
    }
  }

  /** By log4j itself. */
  @Test
  void logging_whatIsSaidAtEveryCheckpointIsLeftOut_thatRecordsHaveExpiredIsNot()
      throws IOException {
    Configuration log4j = logging(new LoggerContext("of this test"));
    log4j.initialize();
    for (String often :
        List.of(
            "org.apache.flink.connector.kafka.sink.internal.FlinkKafkaInternalProducer",
            "org.apache.flink.runtime.source.coordinator.SourceCoordinator",
            "org.apache.flink.runtime.checkpoint.CheckpointRequestDecider",
            "kafka.coordinator.transaction.TransactionCoordinator",
            "org.apache.kafka.clients.NetworkClient")) {
      assertEquals(Level.WARN, log4j.getLoggerConfig(often).getLevel(), often);
    }
    for (String said :
        List.of(
            "org.apache.kafka.clients.consumer.internals.FetchCollector",
            "org.apache.flink.runtime.checkpoint.CheckpointCoordinator")) {
      assertEquals(Level.INFO, log4j.getLoggerConfig(said).getLevel(), said);
    }
  }

  /** A cluster that fails all night long must not fill the disk; by log4j itself. */
  @Test
  void logging_muchIsSaid_tenFilesAreKept() throws IOException {
    LoggerContext context = new LoggerContext("of this test");
    context.start(logging(context));
    for (int line = 0; line < 2_000; line++) {
      context.getLogger("a.job").info("it failed once more, the {}. time", line);
    }
    context.stop();
    try (Stream<Path> files = Files.list(folder.resolve("logs"))) {
      List<Path> kept = files.sorted().toList();
      assertEquals(10, kept.size(), kept::toString);
      assertTrue(Files.readString(kept.get(0)).contains("the 1999. time"), kept::toString);
      for (Path file : kept) {
        assertTrue(Files.size(file) < 2_000, file + " has " + Files.size(file) + " bytes");
      }
    }
  }

  /** Kafka's consumer says it with each fetch; by log4j itself. */
  @Test
  void logging_aTopicIsGone_isSaidAndDoesNotHideTheRest() throws IOException {
    LoggerContext context = new LoggerContext("of this test");
    context.start(logging(context, "1MB"));
    for (int fetch = 0; fetch < 2_000; fetch++) {
      context
          .getLogger("org.apache.kafka.clients.consumer.internals.FetchCollector")
          .warn("Received unknown topic or partition error in fetch {}", fetch);
    }
    context.getLogger("org.apache.kafka.clients.NetworkClient").warn("something else");
    context.stop();
    List<String> lines = Files.readAllLines(folder.resolve("logs").resolve("said"));
    assertTrue(lines.get(0).endsWith("error in fetch 0"), lines.get(0));
    assertTrue(lines.get(lines.size() - 1).endsWith("something else"));
    assertTrue(lines.size() < 100, lines.size() + " lines");
  }

  /** To files that are full after a kilobyte. */
  private Configuration logging(LoggerContext context) throws IOException {
    return logging(context, "1KB");
  }

  private Configuration logging(LoggerContext context, String fileSize) throws IOException {
    String said = folder.resolve("logs").resolve("said").toString();
    Properties properties = new Properties();
    properties.load(new StringReader(ClusterFiles.logging().replace("${sys:log.file}", said)));
    properties.replace("appender.file.policies.size.size", fileSize);
    return new PropertiesConfigurationBuilder()
        .setConfigurationSource(ConfigurationSource.NULL_SOURCE)
        .setRootProperties(properties)
        .setLoggerContext(context)
        .build();
  }

  /** As while Kafka starts slowly: a start holds the lock until one of its processes has ended. */
  @Test
  void down_anotherProcessIsStartingIt_stopsWhatItHasStarted() throws Exception {
    state(false);
    Process starting = ClusterLockTest.other(cluster.home().resolve("lock"));
    var over =
        ProcessHandle.of(process.pid())
            .orElseThrow()
            .onExit()
            .thenRun(() -> assertDoesNotThrow(() -> starting.outputWriter().close()));
    List<String> told = new ArrayList<>();
    try {
      assertEquals(1, cluster.down(told::add));
      assertTrue(cluster.status().isEmpty());
      assertEquals(
          List.of(
              "another process starts or stops the cluster in %s, waiting for it"
                  .formatted(cluster.home()),
              "stopping what was started: kafka"),
          told);
    } finally {
      starting.destroyForcibly().waitFor();
    }
    over.join();
  }

  @Test
  void down_noClusterWasEver_leavesNothing() {
    LocalCluster none = new LocalCluster(folder.resolve("build"), folder.resolve("none"));
    assertEquals(0, none.down());
    assertFalse(Files.exists(none.home()));
  }

  private void state(boolean complete, ClusterProcess... more) {
    List<ClusterProcess> processes = Stream.concat(Stream.of(process), Stream.of(more)).toList();
    new ClusterState(
            "127.0.0.1:1", "redis://127.0.0.1:2", "http://127.0.0.1:3", processes, complete)
        .write(cluster.home().resolve("cluster.properties"));
  }
}
