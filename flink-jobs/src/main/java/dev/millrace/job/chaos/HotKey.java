package dev.millrace.job.chaos;

import java.util.random.RandomGenerator;

/** All requests come under one key: one subtask has to answer them all. */
record HotKey() implements Fault {

  @Override
  public Struck strike(Site site, RandomGenerator random) {
    int caller = random.nextInt(Traffic.CALLERS);
    site.traffic().askAs(caller);
    return new Struck("caller " + caller, () -> site.traffic().askAs(Traffic.ANYBODY));
  }
}
