package dev.millrace.job.scale;

import java.time.Duration;

/**
 * When task managers come and go.
 *
 * @param above requests that wait for each task manager, from which on one more is wanted
 * @param below requests that wait for each, under which one is too many
 * @param holds how long either must be true
 * @param settles how long nothing is changed after a change: the jobs restart and load their models
 * @param least task managers
 * @param most task managers
 */
public record ScalingConfig(
    double above, double below, Duration holds, Duration settles, int least, int most) {

  public ScalingConfig {
    if (!(0 <= below && 2 * below <= above)) {
      throw new IllegalArgumentException(
          "below %s and above %s, expected 0 or more, and at least twice that"
              .formatted(below, above));
    }
    if (least < 1 || most < least) {
      throw new IllegalArgumentException(
          "%d to %d task managers, expected 1 or more, and no fewer than that"
              .formatted(least, most));
    }
    if (holds.isNegative() || settles.isNegative()) {
      throw new IllegalArgumentException(
          "holds %d and settles %d seconds, expected 0 or more"
              .formatted(holds.toSeconds(), settles.toSeconds()));
    }
  }
}
