package dev.millrace.adapter.train;

import dev.millrace.model.base.Foreground;

/**
 * Asked between micro-batches, and before a release is stored; it may block to pause, and never
 * changes what is computed.
 */
@FunctionalInterface
public interface Governor {

  /** Returns when it may go on; false gives it up without a trace. */
  boolean proceed();

  /** Told when training begins and ends; between two trainings of a lesson it is judged. */
  default void training(boolean now) {}

  /**
   * The same, and pauses while answers are computed.
   *
   * @param mostMillis of each pause; 0 never pauses
   */
  default Governor yieldingTo(Foreground foreground, long mostMillis) {
    return mostMillis == 0 ? this : new YieldingGovernor(this, foreground, mostMillis);
  }

  /** Never pauses, never gives up. */
  static Governor none() {
    return () -> true;
  }
}
