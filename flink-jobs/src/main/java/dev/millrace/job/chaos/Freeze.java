package dev.millrace.job.chaos;

import java.util.List;
import java.util.random.RandomGenerator;

/**
 * One of some processes is stopped in the middle of what it does, and goes on later.
 *
 * @param processes of which one is drawn
 */
record Freeze(List<String> processes) implements Fault {

  @Override
  public Struck strike(Site site, RandomGenerator random) {
    String name = processes.get(random.nextInt(processes.size()));
    site.cluster().freeze(name);
    return new Struck(name, () -> site.cluster().thaw(name));
  }
}
