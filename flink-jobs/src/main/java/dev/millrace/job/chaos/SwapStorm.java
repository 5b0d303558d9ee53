package dev.millrace.job.chaos;

import dev.millrace.job.bench.serve.SwapReleases;
import java.util.random.RandomGenerator;

/**
 * Many releases of one domain, one right after the other.
 *
 * @param releases makes them
 */
record SwapStorm(SwapReleases releases) implements Fault {

  private static final int COUNT = 12;
  private static final int RANK = 4;

  @Override
  public Struck strike(Site site, RandomGenerator random) {
    for (int i = 0; i < COUNT; i++) {
      site.traffic().publish(releases.publish(releases.draft(RANK, random.nextLong())));
    }
    return Struck.atOnce(COUNT + " releases");
  }
}
