package dev.millrace.job.embedded;

import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Properties;

/**
 * What is known of a local cluster.
 *
 * @param bootstrap where Kafka listens
 * @param redisUri where Redis listens
 * @param restUrl where Flink's job manager listens
 * @param processes in the order of their start
 * @param complete whether all were started that were to be; false while that goes on, and where it
 *     was interrupted
 */
public record ClusterState(
    String bootstrap,
    String redisUri,
    String restUrl,
    List<ClusterProcess> processes,
    boolean complete) {

  public ClusterState {
    processes = List.copyOf(processes);
  }

  /** Whether every process was started, and still runs. */
  public boolean isUp() {
    return complete && ended().isEmpty();
  }

  /** Whether every process was started, and some have ended since. */
  public boolean isPartlyUp() {
    int ended = ended().size();
    return complete && ended > 0 && ended < processes.size();
  }

  /** The processes that have ended. */
  public List<ClusterProcess> ended() {
    return processes.stream().filter(process -> !process.isAlive()).toList();
  }

  /**
   * This, if the processes that somebody needs run.
   *
   * @throws IllegalStateException if not: it has ended, or was stopped and would not answer
   */
  public ClusterState require(String... names) {
    List<String> run =
        processes.stream().filter(ClusterProcess::isAlive).map(ClusterProcess::name).toList();
    List<String> missing = Arrays.stream(names).filter(name -> !run.contains(name)).toList();
    if (!missing.isEmpty()) {
      throw new IllegalStateException(
          "%s of the cluster on this machine does not run: ./millrace cluster up starts what has ended, cluster down ends the rest"
              .formatted(String.join(", ", missing)));
    }
    for (ClusterProcess process : processes) {
      if (List.of(names).contains(process.name()) && process.isStopped()) {
        throw new IllegalStateException(
            "%s of the cluster on this machine is stopped: kill -CONT %d lets it go on"
                .formatted(process.name(), process.pid()));
      }
    }
    return this;
  }

  /** The process of that name; empty if there is none. */
  Optional<ClusterProcess> process(String name) {
    return processes.stream().filter(process -> process.name().equals(name)).findFirst();
  }

  /** With a process that takes the place of the one of its name. */
  ClusterState with(ClusterProcess process) {
    List<ClusterProcess> more = new ArrayList<>(processes);
    int place = processes.stream().map(ClusterProcess::name).toList().indexOf(process.name());
    if (place < 0) {
      more.add(process);
    } else {
      more.set(place, process);
    }
    return new ClusterState(bootstrap, redisUri, restUrl, more, complete);
  }

  ClusterState without(String name) {
    return new ClusterState(
        bootstrap,
        redisUri,
        restUrl,
        processes.stream().filter(process -> !process.name().equals(name)).toList(),
        complete);
  }

  /** With all started that was to be. */
  ClusterState completed() {
    return new ClusterState(bootstrap, redisUri, restUrl, processes, true);
  }

  /** Replaces the file, or leaves it as it is. */
  void write(Path file) {
    Properties p = new Properties();
    p.setProperty("complete", String.valueOf(complete));
    p.setProperty("bootstrap", bootstrap);
    p.setProperty("redis", redisUri);
    p.setProperty("rest", restUrl);
    p.setProperty("processes", String.valueOf(processes.size()));
    for (int i = 0; i < processes.size(); i++) {
      ClusterProcess process = processes.get(i);
      p.setProperty("process." + i + ".name", process.name());
      p.setProperty("process." + i + ".pid", String.valueOf(process.pid()));
      p.setProperty("process." + i + ".started", process.started());
      p.setProperty("process." + i + ".address", process.address());
      p.setProperty("process." + i + ".command", String.join("\n", process.command()));
    }
    Path next = file.resolveSibling(file.getFileName() + ".next");
    try {
      try (Writer writer = Files.newBufferedWriter(next)) {
        p.store(writer, null);
      }
      Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write " + file, e);
    }
  }

  static Optional<ClusterState> read(Path file) {
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    try (Reader reader = Files.newBufferedReader(file)) {
      Properties p = new Properties();
      p.load(reader);
      return Optional.of(of(p));
    } catch (IOException | RuntimeException e) {
      throw new IllegalStateException(
          "cannot read %s (%s), expected what cluster up wrote: end the processes that run in that folder, and delete it"
              .formatted(file, e.getMessage()),
          e);
    }
  }

  private static ClusterState of(Properties p) {
    List<ClusterProcess> processes = new ArrayList<>();
    for (int i = 0; i < Integer.parseInt(known(p, "processes")); i++) {
      String process = "process." + i + ".";
      processes.add(
          new ClusterProcess(
              known(p, process + "name"),
              Long.parseLong(known(p, process + "pid")),
              known(p, process + "started"),
              p.getProperty(process + "address", ""),
              List.of(p.getProperty(process + "command", "").split("\n"))));
    }
    return new ClusterState(
        known(p, "bootstrap"),
        known(p, "redis"),
        known(p, "rest"),
        processes,
        Boolean.parseBoolean(p.getProperty("complete", "true")));
  }

  private static String known(Properties p, String key) {
    String value = p.getProperty(key);
    if (value == null) {
      throw new IllegalArgumentException("no " + key);
    }
    return value;
  }
}
