package dev.millrace.adapter;

import dev.millrace.model.adapter.AdapterWeights;
import org.jspecify.annotations.Nullable;

/**
 * A domain's release and the one before it, and what both make of samples that neither has learned:
 * each is scored before it teaches.
 *
 * @param before null while there is none to go back to
 * @param served the adapter of the release before, as it was served
 * @param byCurrent (samples): sums of log-probabilities, nats; the latest last
 * @param byBefore (samples): the same by the release before
 * @param trial true until that has decided whether the current release takes the place of the one
 *     before
 */
public record Watch(
    Place current,
    @Nullable Place before,
    @Nullable AdapterWeights served,
    double[] byCurrent,
    double[] byBefore,
    boolean trial) {

  /** Where every domain begins. */
  public static final Watch NONE = at(Place.BASE);

  /** At a release that nobody can say the one before of. */
  static Watch at(Place current) {
    return new Watch(current, null, null, new double[0], new double[0], false);
  }

  /**
   * At a new release; what served until now is the one before it, and goes on serving while the new
   * one is on trial.
   */
  Watch next(Place release, AdapterWeights until, boolean onTrial) {
    return new Watch(release, current, until, new double[0], new double[0], onTrial);
  }

  /** At a release that takes this one's place by an order; a trial ends, and who served stays. */
  Watch instead(Place release, AdapterWeights until) {
    return trial
        ? new Watch(release, before, served, new double[0], new double[0], false)
        : next(release, until, false);
  }

  /** With some more samples, and no more than the latest so many. */
  Watch with(double[] moreByCurrent, double[] moreByBefore, int window) {
    return new Watch(
        current,
        before,
        served,
        latest(byCurrent, moreByCurrent, window),
        latest(byBefore, moreByBefore, window),
        trial);
  }

  /** The same after the trial. */
  Watch tried() {
    return new Watch(current, before, served, byCurrent, byBefore, false);
  }

  private static double[] latest(double[] values, double[] more, int window) {
    int n = Math.min(window, values.length + more.length);
    double[] latest = new double[n];
    int kept = Math.max(0, n - more.length);
    System.arraycopy(values, values.length - kept, latest, 0, kept);
    System.arraycopy(more, more.length - (n - kept), latest, kept, n - kept);
    return latest;
  }
}
