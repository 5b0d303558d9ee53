package dev.millrace.job.chaos;

import dev.millrace.job.embedded.ClusterProcess;
import dev.millrace.job.embedded.ClusterState;
import dev.millrace.job.embedded.LocalCluster;
import dev.millrace.model.base.DaemonThreads;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Starts processes again that have ended by themselves, as a service manager would. */
final class Keeper implements AutoCloseable {

  private static final long LOOK_MILLIS = 500;

  private final LocalCluster cluster;
  private final Consumer<String> progress;
  private final Set<String> down = new HashSet<>();
  private final ScheduledExecutorService executor = Executors.newSingleThreadScheduledExecutor();

  Keeper(LocalCluster cluster, Consumer<String> progress) {
    this.cluster = cluster;
    this.progress = progress;
  }

  /** Begins to look. */
  void start() {
    var unused =
        executor.scheduleWithFixedDelay(
            this::look, LOOK_MILLIS, LOOK_MILLIS, TimeUnit.MILLISECONDS);
  }

  /** Kills a process, which stays down until it is brought up. */
  synchronized void kill(String name) {
    down.add(name);
    cluster.kill(name);
  }

  /** Starts a process that was killed. */
  synchronized void bringUp(String name) {
    down.remove(name);
    cluster.revive(name);
  }

  private synchronized void look() {
    List<ClusterProcess> processes =
        cluster.status().map(ClusterState::processes).orElse(List.of());
    for (ClusterProcess process : processes) {
      if (!process.isAlive() && !down.contains(process.name())) {
        progress.accept(process.name() + " has ended by itself, and is started again");
        revive(process.name());
      }
    }
  }

  /** One that cannot be started is tried again, and keeps no other from it. */
  private void revive(String name) {
    try {
      cluster.revive(name);
    } catch (RuntimeException e) {
      progress.accept("%s could not be started, and is tried again: %s".formatted(name, e));
    }
  }

  @Override
  public void close() {
    executor.shutdownNow();
    boolean unused = DaemonThreads.end(executor, Duration.ofMinutes(1));
  }
}
