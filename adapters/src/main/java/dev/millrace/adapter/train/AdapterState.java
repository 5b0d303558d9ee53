package dev.millrace.adapter.train;

import dev.millrace.model.adapter.AdapterWeights;

/**
 * An adapter in training: its weights before rounding, and what AdamW remembers of them.
 *
 * @param first (parameters): AdamW's first moment, factor after factor
 * @param second (parameters): AdamW's second moment, in the same order
 * @param step optimizer steps taken so far
 */
public record AdapterState(AdapterWeights weights, float[] first, float[] second, long step) {

  /** Given weights with an optimizer that remembers nothing. */
  public static AdapterState fresh(AdapterWeights weights) {
    int n = Parameters.count(weights);
    return new AdapterState(weights, new float[n], new float[n], 0);
  }

  /**
   * Part of the way to what training made of this state: its moments, and weights between.
   *
   * @param share 0 stays here, 1 goes all the way
   */
  public AdapterState toward(AdapterState trained, double share) {
    if (share == 1) {
      return trained;
    }
    float[] from = Parameters.flatten(weights);
    float[] to = Parameters.flatten(trained.weights);
    for (int i = 0; i < to.length; i++) {
      to[i] = (float) (from[i] + share * ((double) to[i] - from[i]));
    }
    AdapterWeights between = Parameters.unflatten(to, weights);
    return new AdapterState(between, trained.first, trained.second, trained.step);
  }
}
