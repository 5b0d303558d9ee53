package dev.millrace.job.chaos;

import java.util.random.RandomGenerator;

/** Callers ask many times as much as before: whoever answers falls behind. */
record SlowConsumer() implements Fault {

  private static final int TIMES = 10;

  @Override
  public Struck strike(Site site, RandomGenerator random) {
    site.traffic().askTimes(TIMES);
    return new Struck(TIMES + " times the requests", () -> site.traffic().askTimes(1));
  }
}
