package dev.millrace.job.chaos;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;

/**
 * What goes wrong when; the same seed, duration and names give the same schedule. Every fault comes
 * once before any comes again, and one may begin before the last one is healed.
 */
record Schedule(List<Strike> strikes) {

  private static final long FIRST_MILLIS = 3_000;
  private static final long LEAST_PAUSE = 5_000;
  private static final long MOST_PAUSE = 12_000;
  private static final long LEAST_LASTING = 1_000;
  private static final long MOST_LASTING = 8_000;

  Schedule {
    strikes = List.copyOf(strikes);
  }

  static Schedule of(long seed, Duration duration, List<String> faults) {
    SplittableRandom random = new SplittableRandom(seed);
    List<Strike> strikes = new ArrayList<>();
    List<String> left = new ArrayList<>();
    long at = FIRST_MILLIS;
    while (at + MOST_LASTING <= duration.toMillis()) {
      if (left.isEmpty()) {
        left.addAll(faults);
        Collections.shuffle(left, new Random(random.nextLong()));
      }
      strikes.add(
          new Strike(
              left.remove(0), at, random.nextLong(LEAST_LASTING, MOST_LASTING), random.nextLong()));
      at += random.nextLong(LEAST_PAUSE, MOST_PAUSE);
    }
    return new Schedule(strikes);
  }
}
