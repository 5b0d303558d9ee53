package dev.millrace.job.embedded;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * A job manager and two task managers in processes of their own, with a link between the two. All
 * have the class path of this process, so that jobs need no jar.
 */
public final class LinkedCluster implements AutoCloseable {

  private static final Duration START = Duration.ofMinutes(3);
  private static final int TASK_MANAGERS = 2;

  private final TempDirectory home;
  private final String host;
  private final int restPort;
  private final List<ClusterProcess> processes = new ArrayList<>();

  /** One a process, from its start on: this process may end while others still start. */
  private final List<LastWill> wills = new ArrayList<>();

  private LinkedCluster(TempDirectory home, String host, int restPort) {
    this.home = home;
    this.host = host;
    this.restPort = restPort;
  }

  /**
   * Starts one, and waits until both task managers are there.
   *
   * @param slots of each task manager
   */
  public static LinkedCluster start(Link link, int slots) throws IOException {
    List<Integer> ports = FreePorts.find(2 + 1 + TASK_MANAGERS);
    LinkedCluster cluster =
        new LinkedCluster(TempDirectory.create(), link.jobManager(), ports.get(1));
    try {
      cluster.start(link, slots, ports);
      return cluster;
    } catch (IOException | RuntimeException e) {
      cluster.close();
      throw e;
    }
  }

  private void start(Link link, int slots, List<Integer> ports) throws IOException {
    Map<String, String> addresses =
        Map.of(
            "jobmanager.rpc.address", host,
            "jobmanager.bind-host", host,
            "rest.address", host,
            "rest.bind-address", host);
    ClusterShape shape =
        new ClusterShape(TASK_MANAGERS, slots, false, null, addresses, null, Clocks.real());
    FlinkProcesses flink = FlinkProcesses.of(home.path(), ports.get(0), restPort, shape);
    Path conf = Files.createDirectories(home.resolve("conf"));
    Files.createDirectories(home.resolve("log"));
    Files.createDirectories(home.resolve("tmp"));
    Files.writeString(conf.resolve("log4j2.properties"), ClusterFiles.logging());
    Files.writeString(conf.resolve("config.yaml"), flink.yaml());
    FlinkRest rest = new FlinkRest(URI.create("http://" + host + ":" + restPort));
    launch("jobmanager", List.of(), flink.jobManager(conf, ports.get(2)));
    await(rest, 0);
    for (int i = 0; i < TASK_MANAGERS; i++) {
      String name = "taskmanager-" + i;
      List<String> arguments = new ArrayList<>(flink.taskManager(conf, name, ports.get(3 + i)));
      link.options(i).forEach((key, value) -> arguments.addAll(List.of("-D", key + "=" + value)));
      launch(name, link.prefix(i), arguments);
      await(rest, i + 1);
    }
  }

  private void launch(String name, List<String> prefix, List<String> arguments) {
    List<String> command = new ArrayList<>(prefix);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Dlog.file=" + home.resolve("log").resolve(name + ".log"));
    command.add("-Dlog4j2.configurationFile=" + home.resolve("conf/log4j2.properties").toUri());
    command.addAll(List.of("-cp", classPath()));
    command.addAll(arguments);
    Path said = home.resolve("log").resolve(name + ".out");
    ClusterProcess process = ClusterProcess.start(name, "", command, home.path(), said);
    processes.add(process);
    wills.add(LastWill.of("kill -9 \"$1\"", String.valueOf(process.pid())));
  }

  /** Its parts as they are seen from any folder. */
  private static String classPath() {
    String own = System.getProperty("java.class.path", "");
    return Stream.of(own.split(File.pathSeparator, -1))
        .map(part -> new File(part).getAbsolutePath())
        .reduce((one, other) -> one + File.pathSeparator + other)
        .orElseThrow();
  }

  private void await(FlinkRest rest, int taskManagers) {
    boolean up =
        Poll.until(
            START,
            () ->
                rest.taskManagers() == taskManagers
                    || !processes.stream().allMatch(ClusterProcess::isAlive));
    if (!up || !processes.stream().allMatch(ClusterProcess::isAlive)) {
      throw new IllegalStateException(
          "%s is not up: %s".formatted(processes.get(processes.size() - 1).name(), said()));
    }
  }

  /** What the last process said, before its log goes with the folder. */
  private String said() {
    Path log = home.resolve("log").resolve(processes.get(processes.size() - 1).name());
    StringBuilder said = new StringBuilder();
    for (String end : List.of(".out", ".log")) {
      try {
        said.append(Files.readString(Path.of(log + end)));
      } catch (IOException e) {
        said.append(log).append(end).append(" cannot be read");
      }
    }
    return said.toString();
  }

  /** Where a job of this process's classes is built that runs there. */
  public StreamExecutionEnvironment environment() {
    return StreamExecutionEnvironment.createRemoteEnvironment(host, restPort);
  }

  @Override
  public void close() {
    processes.forEach(ClusterProcess::kill);
    wills.forEach(LastWill::close);
    home.close();
  }
}
