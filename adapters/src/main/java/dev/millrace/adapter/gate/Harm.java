package dev.millrace.adapter.gate;

import java.util.Map;

/**
 * How far a candidate goes from what was there before.
 *
 * @param protectedRise per protected set, relative rise of its loss against the base
 * @param allProtectedRise the same over all sets together
 * @param routing how it uses the experts
 */
record Harm(Map<String, Double> protectedRise, double allProtectedRise, Usage routing) {

  /**
   * How an adapter uses the experts, on held-out samples.
   *
   * @param agreement share of a token's experts that are those of the incumbent
   * @param activeShare of the experts that a token gets on average
   * @param lastLayer (experts): which part of the choices of the last sparse layer fell on each;
   *     empty where no layer is sparse
   */
  record Usage(double agreement, double activeShare, double[] lastLayer) {}
}
