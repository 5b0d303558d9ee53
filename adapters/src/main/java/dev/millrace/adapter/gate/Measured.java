package dev.millrace.adapter.gate;

import java.util.List;
import java.util.Map;

/**
 * A candidate's figures on the weights that would serve it.
 *
 * @param heldOut (held-out samples): sums of log-probabilities, nats
 * @param protectedRise per protected set, relative rise of its loss against the base
 * @param allProtectedRise the same over all sets together
 * @param parity mean |Δ log p| between training and serving, nats
 * @param routing how it uses the experts
 * @param canaries how many prompts were compared
 * @param changedCanaries names of those whose greedy output is not the base's
 */
record Measured(
    double[] heldOut,
    Map<String, Double> protectedRise,
    double allProtectedRise,
    double parity,
    Usage routing,
    int canaries,
    List<String> changedCanaries) {

  /**
   * How an adapter uses the experts, on held-out samples.
   *
   * @param agreement share of a token's experts that are those of the incumbent
   * @param activeShare of the experts that a token gets on average
   */
  record Usage(double agreement, double activeShare) {}
}
