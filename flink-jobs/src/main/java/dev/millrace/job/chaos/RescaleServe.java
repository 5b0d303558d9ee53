package dev.millrace.job.chaos;

import java.util.random.RandomGenerator;

/**
 * The job that answers is stopped with a savepoint, and goes on from it with one subtask in place
 * of two, or with two in place of one.
 */
record RescaleServe() implements Fault {

  static final String NAME = "rescale-serve";

  @Override
  public Struck strike(Site site, RandomGenerator random) {
    String savepoint = site.jobs().stopServe();
    return new Struck("the serve job", () -> site.jobs().rescaleServe(savepoint));
  }
}
