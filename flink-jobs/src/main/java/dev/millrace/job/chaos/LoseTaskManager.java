package dev.millrace.job.chaos;

import java.time.Duration;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/**
 * {@code kill -9} of one task manager of a cluster that is whole and has one to spare: how long
 * that takes to recover from is a figure, which two at once, or one that is still starting, would
 * blur. So would jobs that were only just submitted: all their processes compile at once. It is
 * started again when the jobs run without it. Each has one slot, so that the loss of one is that of
 * one subtask of one job: Flink does not keep a job's subtasks apart.
 *
 * @param processes of which one is drawn
 */
record LoseTaskManager(List<String> processes) implements Fault {

  static final String NAME = "lose-taskmanager";

  private static final Duration SETTLED = Duration.ofMinutes(1);

  /** One for each subtask of both jobs, and one to spare. */
  static final int TASK_MANAGERS = 5;

  LoseTaskManager() {
    this(IntStream.rangeClosed(1, TASK_MANAGERS).mapToObj("taskmanager-%d"::formatted).toList());
  }

  @Override
  public boolean waits() {
    return true;
  }

  @Override
  public Struck strike(Site site, RandomGenerator random) throws InterruptedException {
    String name = processes.get(random.nextInt(processes.size()));
    site.turn().lockInterruptibly();
    try {
      awaitWhole(site);
      site.keeper().kill(name);
    } catch (RuntimeException e) {
      site.turn().unlock();
      throw e;
    }
    return new Struck(name, () -> bringBack(site, name));
  }

  private void bringBack(Site site, String name) {
    try {
      int left = processes.size() - 1;
      require(site, "the jobs do not go on without it", () -> site.jobs().areWhole(left));
      site.keeper().bringUp(name);
      awaitWhole(site);
    } finally {
      site.turn().unlock();
    }
  }

  private void awaitWhole(Site site) {
    require(site, "the cluster is not whole", () -> isWhole(site));
    require(site, "the jobs stay young", () -> site.jobs().areOlderThan(SETTLED));
    require(
        site,
        "a task manager does not warm up",
        () -> processes.stream().allMatch(site.cluster()::isWarm));
  }

  private boolean isWhole(Site site) {
    return site.jobs().areWhole(processes.size());
  }

  private static void require(Site site, String otherwise, BooleanSupplier condition) {
    if (!site.jobs().await(condition)) {
      throw new IllegalStateException(otherwise);
    }
  }
}
