package dev.millrace.job.chaos;

import java.util.List;
import java.util.random.RandomGenerator;

/**
 * {@code kill -9} of one of some processes, which is started again later.
 *
 * @param processes of which one is drawn
 */
record Kill(List<String> processes) implements Fault {

  @Override
  public Struck strike(Site site, RandomGenerator random) {
    String name = processes.get(random.nextInt(processes.size()));
    site.keeper().kill(name);
    return new Struck(name, () -> site.keeper().bringUp(name));
  }
}
