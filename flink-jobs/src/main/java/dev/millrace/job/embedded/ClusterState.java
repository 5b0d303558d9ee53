package dev.millrace.job.embedded;

import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
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
 */
public record ClusterState(
    String bootstrap, String redisUri, String restUrl, List<ClusterProcess> processes) {

  public ClusterState {
    processes = List.copyOf(processes);
  }

  /** Whether every process still runs. */
  public boolean isUp() {
    return processes.stream().allMatch(ClusterProcess::isAlive);
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
    return new ClusterState(bootstrap, redisUri, restUrl, more);
  }

  ClusterState without(String name) {
    return new ClusterState(
        bootstrap,
        redisUri,
        restUrl,
        processes.stream().filter(process -> !process.name().equals(name)).toList());
  }

  void write(Path file) {
    Properties p = new Properties();
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
    try (Writer writer = Files.newBufferedWriter(file)) {
      p.store(writer, null);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static Optional<ClusterState> read(Path file) {
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    Properties p = new Properties();
    try (Reader reader = Files.newBufferedReader(file)) {
      p.load(reader);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    List<ClusterProcess> processes = new ArrayList<>();
    for (int i = 0; i < Integer.parseInt(p.getProperty("processes")); i++) {
      processes.add(
          new ClusterProcess(
              p.getProperty("process." + i + ".name"),
              Long.parseLong(p.getProperty("process." + i + ".pid")),
              p.getProperty("process." + i + ".started"),
              p.getProperty("process." + i + ".address", ""),
              List.of(p.getProperty("process." + i + ".command", "").split("\n"))));
    }
    return Optional.of(
        new ClusterState(
            p.getProperty("bootstrap"), p.getProperty("redis"), p.getProperty("rest"), processes));
  }
}
