package dev.millrace.job.chaos;

import java.util.List;
import java.util.random.RandomGenerator;

/**
 * {@code kill -9} of all task managers, which are started again at once, and a second time while
 * the learn job restores its state in them.
 *
 * @param processes the task managers
 */
record KillAtRestore(List<String> processes) implements Fault {

  @Override
  public boolean waits() {
    return true;
  }

  @Override
  public Struck strike(Site site, RandomGenerator random) {
    processes.forEach(site.keeper()::kill);
    processes.forEach(site.keeper()::bringUp);
    if (!site.jobs().await(site.jobs()::learnRestores)) {
      throw new IllegalStateException("the learn job does not start again");
    }
    processes.forEach(site.keeper()::kill);
    return new Struck("all of them, restoring", () -> processes.forEach(site.keeper()::bringUp));
  }
}
