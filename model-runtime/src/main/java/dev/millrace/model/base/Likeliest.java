package dev.millrace.model.base;

/**
 * The likeliest next tokens of a sequence of n tokens, after each but the last.
 *
 * @param count of tokens at each place
 * @param tokens (n - 1, count), flat, likeliest first
 * @param logProbs (n - 1, count), flat, nats
 */
public record Likeliest(int count, int[] tokens, float[] logProbs) {

  /** The likeliest token after token i. */
  public int best(int i) {
    return tokens[i * count];
  }
}
