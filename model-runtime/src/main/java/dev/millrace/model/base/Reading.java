package dev.millrace.model.base;

/**
 * What the base alone made of a sequence of n tokens, in one pass.
 *
 * @param entropies (n - 1): entropy of the distribution that predicted each token, nats
 * @param embedding as {@link BaseModel#embed} of all tokens but the last: (hidden_size)
 */
public record Reading(TokenScores scores, float[] entropies, float[] embedding) {

  /** Mean predictive entropy, nats per token. */
  public double meanEntropy() {
    double sum = 0;
    for (float h : entropies) {
      sum += h;
    }
    return sum / entropies.length;
  }
}
