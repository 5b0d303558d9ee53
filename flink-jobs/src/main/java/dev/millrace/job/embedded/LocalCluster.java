package dev.millrace.job.embedded;

import dev.millrace.job.io.Topics;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * A cluster of separate processes on this machine, all on loopback: Kafka, Redis, a Flink job
 * manager and task managers. It outlives the process that started it.
 *
 * @param build the folder that holds {@code flink-jobs.jar}, {@code millrace-job.jar} and {@code
 *     lib/}
 * @param home where its data, logs and state file lie
 */
public record LocalCluster(Path build, Path home) {

  private static final Duration START = Duration.ofMinutes(5);
  private static final Duration STOP = Duration.ofSeconds(20);
  private static final int TASK_MANAGERS = 2;
  private static final int SLOTS = 4;
  private static final int PARTITIONS = 4;

  private static final String LOGGING =
      """
      status = error
      appender.file.type = File
      appender.file.name = file
      appender.file.fileName = ${sys:log.file}
      appender.file.layout.type = PatternLayout
      appender.file.layout.pattern = %d{ISO8601} %-5p [%t] %c - %m%n
      rootLogger.level = info
      rootLogger.appenderRef.file.ref = file
      """;

  public LocalCluster {
    build = build.toAbsolutePath().normalize();
    home = home.toAbsolutePath().normalize();
  }

  /**
   * Starts everything, and waits until it can take jobs; what an earlier cluster kept on Kafka is
   * there again.
   *
   * @throws IllegalStateException if one is up already, or a process does not come up
   */
  public ClusterState up() {
    status()
        .filter(state -> state.processes().stream().anyMatch(ClusterProcess::isAlive))
        .ifPresent(
            state -> {
              throw new IllegalStateException("a cluster is up already: " + state.restUrl());
            });
    try {
      return start();
    } catch (RuntimeException e) {
      down();
      throw e;
    }
  }

  /** What is known of the cluster; empty if there is none. */
  public Optional<ClusterState> status() {
    return ClusterState.read(stateFile());
  }

  /** Stops the processes that {@link #up} started and no others; says how many there were. */
  public int down() {
    List<ClusterProcess> running =
        status().map(ClusterState::processes).orElse(List.of()).stream()
            .filter(ClusterProcess::isAlive)
            .toList();
    for (int i = running.size() - 1; i >= 0; i--) {
      stop(running.get(i));
    }
    try {
      Files.deleteIfExists(stateFile());
      TempDirectory.delete(home.resolve("tmp"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return running.size();
  }

  /** The jar of both jobs. */
  public Path jobJar() {
    return new ClusterLib(build).jobJar();
  }

  private ClusterState start() {
    List<Integer> ports = FreePorts.find(5);
    prepare();
    FlinkProcesses flink =
        FlinkProcesses.of(home, ports.get(3), ports.get(4), TASK_MANAGERS, SLOTS);
    write(conf().resolve("config.yaml"), flink.yaml());
    ClusterState state =
        new ClusterState(
            "127.0.0.1:" + ports.get(0),
            "redis://127.0.0.1:" + ports.get(2),
            "http://127.0.0.1:" + ports.get(4),
            List.of());
    state = launch(state, "redis", redis(ports.get(2)));
    state = launch(state, "kafka", kafka(ports.get(0), ports.get(1)));
    awaitPort(state, "redis", ports.get(2));
    awaitPort(state, "kafka", ports.get(0));
    Topics.create(state.bootstrap(), Topics.DEFAULT_PREFIX, PARTITIONS);
    return startFlink(state, flink);
  }

  /** One process after the other: a busy machine would make them miss each other's deadlines. */
  private ClusterState startFlink(ClusterState services, FlinkProcesses flink) {
    ClusterState state =
        launch(services, "jobmanager", java("jobmanager", "lib", flink.jobManager(conf())));
    try (FlinkRest rest = new FlinkRest(URI.create(state.restUrl()))) {
      awaitUp(state, "jobmanager", rest::answers);
      for (int i = 1; i <= TASK_MANAGERS; i++) {
        String name = "taskmanager-" + i;
        int registered = i;
        state = launch(state, name, java(name, "lib", flink.taskManager(conf(), name)));
        awaitUp(state, name, () -> rest.taskManagers() == registered);
      }
    }
    return state;
  }

  private void prepare() {
    try {
      for (String folder : List.of("conf", "log", "tmp", "kafka-data", "redis-data")) {
        Files.createDirectories(home.resolve(folder));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    ClusterLib lib = new ClusterLib(build);
    lib.fillFlink(home.resolve("lib"));
    lib.fillKafka(home.resolve("kafka-lib"));
    write(conf().resolve("log4j2.properties"), LOGGING);
  }

  private List<String> kafka(int port, int controllerPort) {
    return java(
        "kafka",
        "kafka-lib",
        List.of(
            "-Xmx384m",
            KafkaMain.class.getName(),
            home.resolve("kafka-data").resolve("log").toString(),
            String.valueOf(port),
            String.valueOf(controllerPort)));
  }

  private List<String> redis(int port) {
    Path folder = home.resolve("redis-data");
    return RedisBinary.unpack(folder).command(port, folder);
  }

  private List<String> java(String name, String lib, List<String> arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Dlog.file=" + log(name));
    command.add("-Dlog4j2.configurationFile=" + conf().resolve("log4j2.properties").toUri());
    command.add("-cp");
    command.add(home.resolve(lib) + "/*");
    command.addAll(arguments);
    return command;
  }

  /** Starts a process that a closing terminal does not end, and writes down that it runs. */
  private ClusterState launch(ClusterState state, String name, List<String> command) {
    List<String> words = new ArrayList<>(List.of("nohup"));
    words.addAll(command);
    try {
      Process process =
          new ProcessBuilder(words)
              .directory(home.toFile())
              .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")))
              .redirectErrorStream(true)
              .redirectOutput(home.resolve("log").resolve(name + ".out").toFile())
              .start();
      ClusterState more = state.with(ClusterProcess.of(name, process.toHandle()));
      more.write(stateFile());
      return more;
    } catch (IOException e) {
      throw new UncheckedIOException("cannot start " + name, e);
    }
  }

  private void awaitPort(ClusterState state, String name, int port) {
    awaitUp(state, name, () -> listens(port));
  }

  private void awaitUp(ClusterState state, String name, BooleanSupplier isUp) {
    boolean done = Poll.until(START, () -> !state.isUp() || isUp.getAsBoolean());
    for (ClusterProcess process : state.processes()) {
      if (!process.isAlive()) {
        throw new IllegalStateException(
            process.name() + " ended while it started; see " + log(process.name()));
      }
    }
    if (!done) {
      throw new IllegalStateException(
          name + " is not up after " + START.toSeconds() + " s; see " + log(name));
    }
  }

  private static boolean listens(int port) {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1_000);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private static void stop(ClusterProcess process) {
    process.handle().ifPresent(ProcessHandle::destroy);
    if (!Poll.until(STOP, () -> !process.isAlive())) {
      process.handle().ifPresent(ProcessHandle::destroyForcibly);
      Poll.until(STOP, () -> !process.isAlive());
    }
  }

  private static void write(Path file, String text) {
    try {
      Files.writeString(file, text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Path stateFile() {
    return home.resolve("cluster.properties");
  }

  private Path conf() {
    return home.resolve("conf");
  }

  private Path log(String name) {
    return home.resolve("log").resolve(name + (name.equals("redis") ? ".out" : ".log"));
  }
}
