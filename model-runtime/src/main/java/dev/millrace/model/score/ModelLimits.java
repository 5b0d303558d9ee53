package dev.millrace.model.score;

import java.io.Serializable;
import java.util.Arrays;

/**
 * How many tokens of a text the scorer shows to the model, and how many it hands on.
 *
 * @param readTokens tokens that the entropy and the embedding are taken over
 * @param trainTokens tokens that an accepted sample keeps
 * @param maxEntropy mean entropy above which a text is noise, as a share of ln(vocabulary)
 * @param maxLoss mean −log p above which a text is noise, as a share of ln(vocabulary)
 */
public record ModelLimits(int readTokens, int trainTokens, double maxEntropy, double maxLoss)
    implements Serializable {

  public static ModelLimits defaults() {
    return new ModelLimits(96, 256, 0.85, 1.2);
  }

  /** The tokens of a text that the model reads. */
  int[] shown(int[] tokens) {
    return Arrays.copyOf(tokens, Math.min(tokens.length, readTokens));
  }
}
