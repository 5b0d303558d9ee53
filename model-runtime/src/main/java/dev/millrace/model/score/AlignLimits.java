package dev.millrace.model.score;

import java.io.Serializable;

/**
 * When a caption is refused for not fitting its picture or sound.
 *
 * @param leastFit of the wrong pairs among the last others of its domain, the share that a pair
 *     must lie closer together than; 0 refuses nothing
 * @param leastMedian the median of that share from which encoders know the domain well enough to
 *     judge it
 * @param leastOthers others that a pair is compared with at least
 */
public record AlignLimits(double leastFit, double leastMedian, int leastOthers)
    implements Serializable {

  public static AlignLimits defaults() {
    return new AlignLimits(0.6, 0.8, 16);
  }
}
