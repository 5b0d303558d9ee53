package dev.millrace.job.embedded;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.job.embedded.ClusterShape.KafkaRelay;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Where the files of a {@link LocalCluster} lie, and the commands of its processes. */
record ClusterFiles(Path build, Path home) {

  /** Flink brings its own copy. */
  private static final String ZOO_KEEPER =
      "org.apache.flink.shaded.zookeeper3.org.apache.zookeeper.server.ZooKeeperServerMain";

  /**
   * Nodes that are empty stay: without the one that it is elected in, a job manager whose session
   * has expired never leads again (CURATOR-724).
   */
  private static final String KEEP = "-Dznode.container.checkIntervalMs=" + Integer.MAX_VALUE;

  /**
   * Makes what processes find when they start.
   *
   * @param yaml Flink's options
   */
  void prepare(String yaml) {
    // Jobs that a ZooKeeper kept would come back, and look for Kafka on a port of the last time.
    TempDirectory.delete(home.resolve("zookeeper-data"));
    TempDirectory.delete(home.resolve("ha"));
    try {
      for (String folder : List.of("conf", "log", "tmp", "kafka-data", "redis-data", "store")) {
        Files.createDirectories(home.resolve(folder));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    ClusterLib lib = new ClusterLib(build);
    lib.fillFlink(home.resolve("lib"));
    lib.fillKafka(home.resolve("kafka-lib"));
    lib.fillPlugins(home.resolve("plugins"));
    write(conf().resolve("log4j2.properties"), logging());
    write(conf().resolve("config.yaml"), yaml);
  }

  /** How its processes log. */
  static String logging() {
    try (InputStream in = ClusterFiles.class.getResourceAsStream("cluster-log4j2.properties")) {
      return new String(Objects.requireNonNull(in).readAllBytes(), UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  List<String> kafka(int port, int controllerPort, @Nullable KafkaRelay relay) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "-Xmx384m",
                KafkaMain.class.getName(),
                home.resolve("kafka-data").resolve("log").toString(),
                String.valueOf(port),
                String.valueOf(controllerPort)));
    if (relay != null) {
      arguments.add(String.valueOf(relay.listens()));
      arguments.add(String.valueOf(relay.advertised()));
    }
    return java("kafka", "kafka-lib", arguments);
  }

  List<String> zooKeeper(int port) {
    Path config = conf().resolve("zoo.cfg");
    write(
        config,
        """
        clientPort=%d
        clientPortAddress=127.0.0.1
        dataDir=%s
        tickTime=500
        admin.enableServer=false
        """
            .formatted(port, home.resolve("zookeeper-data")));
    return java(
        "zookeeper",
        "lib",
        List.of(
            "-Xmx64m", "-Dzookeeper.jmx.log4j.disable=true", KEEP, ZOO_KEEPER, config.toString()));
  }

  List<String> redis(int port) {
    Path folder = home.resolve("redis-data");
    return RedisBinary.unpack(folder).command(port, folder);
  }

  List<String> jobManager(String name, ClusterShape shape, FlinkProcesses flink, int metrics) {
    return flink(name, shape, flink.jobManager(conf(), metrics));
  }

  /** One that starts, with all it compiles, must not keep from starting what it needs. */
  List<String> taskManager(String name, ClusterShape shape, FlinkProcesses flink, int metrics) {
    List<String> command = new ArrayList<>(List.of("nice", "-n", "5"));
    command.addAll(flink(name, shape, flink.taskManager(conf(), name, metrics)));
    return command;
  }

  private List<String> flink(String name, ClusterShape shape, List<String> arguments) {
    List<String> command = new ArrayList<>(shape.clocks().before(name));
    command.addAll(java(name, "lib", arguments));
    for (String folder : FlinkProcesses.TEMPORARY) {
      if (!shape.options().containsKey(folder)) {
        command.addAll(List.of("-D", folder + "=" + temp(name)));
      }
    }
    return command;
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

  private static void write(Path file, String text) {
    try {
      Files.writeString(file, text);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write " + file, e);
    }
  }

  Path stateFile() {
    return home.resolve("cluster.properties");
  }

  Path conf() {
    return home.resolve("conf");
  }

  Path temp() {
    return home.resolve("tmp");
  }

  /** Where a Flink process keeps what it needs no longer than it lives. */
  Path temp(String name) {
    return temp().resolve(name);
  }

  /** Where a process writes its log. */
  Path log(String name) {
    return home.resolve("log").resolve(name + (name.equals("redis") ? ".out" : ".log"));
  }
}
