package dev.millrace.job.chaos;

import java.util.random.RandomGenerator;

/** The learn job is stopped with a savepoint, and resumed from it later. */
record TrainerAway() implements Fault {

  @Override
  public Struck strike(Site site, RandomGenerator random) {
    String savepoint = site.jobs().stopLearn();
    return new Struck("the learn job", () -> site.jobs().startLearn(savepoint));
  }
}
