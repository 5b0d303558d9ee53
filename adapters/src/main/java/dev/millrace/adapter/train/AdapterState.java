package dev.millrace.adapter.train;

import dev.millrace.adapter.batch.Draws;
import dev.millrace.model.peft.AdapterWeights;
import dev.millrace.model.peft.LoraConfig;
import dev.millrace.model.peft.LoraPair;
import dev.millrace.model.peft.LoraSite;
import java.util.ArrayList;
import java.util.List;

/**
 * An adapter in training: its weights before rounding, and what AdamW remembers of them.
 *
 * @param first (parameters): AdamW's first moment; per site all of A, then all of B
 * @param second (parameters): AdamW's second moment, in the same order
 * @param step optimizer steps taken so far
 */
public record AdapterState(AdapterWeights weights, float[] first, float[] second, long step) {

  /** An adapter that changes nothing yet: A uniform within ±1/√in (Kaiming, a = √5), B zero. */
  public static AdapterState initial(LoraConfig config, List<LoraSite> sites, long seed) {
    List<LoraPair> pairs = new ArrayList<>();
    for (LoraSite site : sites) {
      float[] a = uniform(config.rank() * site.in(), site.in(), Draws.mix(seed, pairs.size()));
      pairs.add(new LoraPair(site, a, new float[site.out() * config.rank()]));
    }
    return fresh(new AdapterWeights(config, List.copyOf(pairs)));
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

  private static float[] uniform(int n, int in, long seed) {
    double bound = 1 / Math.sqrt(in);
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      double unit = (Draws.mix(seed, i) >>> 11) * 0x1p-53;
      values[i] = (float) ((2 * unit - 1) * bound);
    }
    return values;
  }
}
