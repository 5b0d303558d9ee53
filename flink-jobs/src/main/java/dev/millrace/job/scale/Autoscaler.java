package dev.millrace.job.scale;

import dev.millrace.job.embedded.ClusterProcess;
import dev.millrace.job.embedded.LocalCluster;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Keeps as many task managers on this machine's cluster as the load wants. */
public final class Autoscaler {

  private static final Duration LOOK = Duration.ofSeconds(1);

  private final LocalCluster cluster;
  private final int least;
  private final Duration settles;
  private final ScalingRule rule;
  private final Consumer<String> progress;
  private final InstantSource clock;

  /** When it was known last how many requests wait. */
  private long heardNanos = System.nanoTime();

  private boolean silent;

  /**
   * One change.
   *
   * @param waiting requests without an answer at that time
   */
  public record Change(Instant at, int from, int to, double waiting) {}

  /**
   * @param progress is told each change, a line each
   */
  public Autoscaler(
      LocalCluster cluster, ScalingConfig config, Consumer<String> progress, InstantSource clock) {
    this.cluster = cluster;
    this.least = config.least();
    this.settles = config.settles();
    this.rule = new ScalingRule(config);
    this.progress = progress;
    this.clock = clock;
  }

  /** Watches for so long, and gives what it changed. */
  public List<Change> watch(Duration lasting) throws InterruptedException {
    Scrape scrape = new Scrape();
    List<Change> changes = new ArrayList<>();
    long end = System.nanoTime() + lasting.toNanos();
    while (System.nanoTime() - end < 0) {
      List<ClusterProcess> running = cluster.taskManagers();
      OptionalDouble waiting =
          scrape.waiting(running.stream().map(process -> URI.create(process.address())).toList());
      tell(waiting.isPresent());
      if (waiting.isPresent() || running.size() < least) { // with none left, nobody says anything
        look(running, waiting.orElse(0)).ifPresent(changes::add);
      }
      Thread.sleep(LOOK.toMillis());
    }
    return changes;
  }

  /** Says once that nobody knows what waits, for longer than a restart takes, and once the end. */
  private void tell(boolean heard) {
    if (heard) {
      if (silent) {
        progress.accept("it is known again how many requests wait");
      }
      silent = false;
      heardNanos = System.nanoTime();
    } else if (!silent && System.nanoTime() - heardNanos > settles.toNanos()) {
      silent = true;
      progress.accept(
          "for %d s nobody has said how many requests wait, so nothing is changed: no serve job runs, or a task manager does not answer; see ./millrace cluster status"
              .formatted(settles.toSeconds()));
    }
  }

  private Optional<Change> look(List<ClusterProcess> running, double waiting) {
    long now = TimeUnit.NANOSECONDS.toMillis(System.nanoTime()); // the clock may be set
    int wanted = rule.decide(now, waiting, running.size());
    if (wanted == running.size()) {
      return Optional.empty();
    }
    progress.accept(
        "%.0f requests wait: %d task managers in place of %d"
            .formatted(waiting, wanted, running.size()));
    Change change = new Change(clock.instant(), running.size(), wanted, waiting);
    apply(running, wanted);
    return Optional.of(change);
  }

  private void apply(List<ClusterProcess> running, int wanted) {
    if (wanted > running.size()) {
      cluster.addTaskManager();
    } else {
      cluster.removeTaskManager(running.get(running.size() - 1).name());
    }
  }
}
