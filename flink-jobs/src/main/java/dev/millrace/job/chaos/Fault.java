package dev.millrace.job.chaos;

import java.util.random.RandomGenerator;

/** Something that goes wrong for a while. */
interface Fault {

  /**
   * Lets it happen.
   *
   * @param random draws what is left open
   */
  Struck strike(Site site, RandomGenerator random) throws InterruptedException;

  /** Whether it waits for its moment: it is then said to have struck when that has come. */
  default boolean waits() {
    return false;
  }

  /** Puts things right again. */
  interface Cure {
    void run() throws InterruptedException;
  }

  /**
   * A fault that has struck.
   *
   * @param what it did, such as the process that was killed
   * @param heal puts everything right again
   */
  record Struck(String what, Cure heal) {

    /** A fault that is over when it has struck. */
    static Struck atOnce(String what) {
      return new Struck(what, () -> {});
    }
  }
}
