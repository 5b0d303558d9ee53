package dev.millrace.job.chaos;

import java.util.random.RandomGenerator;
import org.apache.flink.util.function.ThrowingRunnable;

/** Something that goes wrong for a while. */
@FunctionalInterface
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

  /**
   * A fault that has struck.
   *
   * @param what it did, such as the process that was killed
   * @param heal puts everything right again
   */
  record Struck(String what, ThrowingRunnable<InterruptedException> heal) {

    /** A fault that is over when it has struck. */
    static Struck atOnce(String what) {
      return new Struck(what, () -> {});
    }
  }
}
