package dev.millrace.model.score;

import java.io.Serializable;

/**
 * How many tokens of a text the scorer shows to the model, and how many it hands on.
 *
 * @param entropyTokens tokens that the entropy is taken over
 * @param embedTokens tokens that the embedding is taken over
 * @param trainTokens tokens that an accepted sample keeps
 * @param maxEntropy mean entropy above which a text is noise, as a share of ln(vocabulary)
 * @param maxLoss mean −log p above which a text is noise, as a share of ln(vocabulary)
 */
public record ModelLimits(
    int entropyTokens, int embedTokens, int trainTokens, double maxEntropy, double maxLoss)
    implements Serializable {

  public static ModelLimits defaults() {
    return new ModelLimits(128, 64, 256, 0.85, 1.2);
  }
}
