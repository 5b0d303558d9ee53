package dev.millrace.adapter.train;

import dev.millrace.model.peft.AdapterWeights;
import dev.millrace.model.peft.LoraConfig;
import dev.millrace.model.peft.LoraSite;
import java.util.List;

/**
 * An adapter in training: its weights before rounding, and what AdamW remembers of them.
 *
 * @param first (parameters): AdamW's first moment; per site all of A, then all of B
 * @param second (parameters): AdamW's second moment, in the same order
 * @param step optimizer steps taken so far
 */
public record AdapterState(AdapterWeights weights, float[] first, float[] second, long step) {

  /** An adapter that changes nothing yet. */
  public static AdapterState initial(LoraConfig config, List<LoraSite> sites, long seed) {
    return fresh(AdapterWeights.initial(config, sites, seed));
  }

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
    return new AdapterState(
        Parameters.unflatten(to, weights), trained.first, trained.second, trained.step);
  }
}
