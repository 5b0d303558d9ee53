package dev.millrace.job.chaos;

import dev.millrace.job.embedded.Clocks;
import java.util.List;
import java.util.Objects;
import java.util.random.RandomGenerator;

/**
 * The clock of one of Flink's processes jumps by minutes, ahead or behind, and later back.
 *
 * @param processes of which one is drawn
 */
record ClockJump(List<String> processes) implements Fault {

  static final String NAME = "clock-jump";

  private static final int LEAST_SECONDS = 120;
  private static final int MOST_SECONDS = 900;

  @Override
  public Struck strike(Site site, RandomGenerator random) {
    Clocks.Movable clocks =
        Objects.requireNonNull(site.clocks(), NAME + " without clocks that can be set");
    String name = processes.get(random.nextInt(processes.size()));
    int size = random.nextInt(LEAST_SECONDS, MOST_SECONDS);
    int seconds = random.nextBoolean() ? size : -size;
    clocks.set(name, seconds);
    return new Struck("%s, %+d s".formatted(name, seconds), () -> clocks.set(name, 0));
  }
}
