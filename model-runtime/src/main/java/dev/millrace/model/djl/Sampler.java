package dev.millrace.model.djl;

import dev.millrace.model.base.Sampling;
import java.util.Arrays;
import java.util.SplittableRandom;

/** Draws the tokens of one answer, one uniform number a token. */
final class Sampler {

  private final Sampling sampling;
  private final SplittableRandom random;

  /** log p of the likeliest next token. */
  private float top;

  Sampler(Sampling sampling) {
    this.sampling = sampling;
    this.random = new SplittableRandom(sampling.seed());
  }

  /**
   * The next token.
   *
   * @param logProbs log p of token v at {@code from + v}, nats
   */
  int next(float[] logProbs, int from, int vocabulary) {
    double draw = random.nextDouble();
    int greatest = greatest(logProbs, from, vocabulary);
    if (sampling.temperature() == 0) {
      return greatest;
    }
    top = logProbs[from + greatest];
    if (sampling.topK() == 0 && sampling.topP() == 1) {
      return draw(all(vocabulary), logProbs, from, draw);
    }
    return draw(kept(logProbs, from, vocabulary), logProbs, from, draw);
  }

  private static int greatest(float[] logProbs, int from, int vocabulary) {
    int best = 0;
    for (int v = 1; v < vocabulary; v++) {
      if (logProbs[from + v] > logProbs[from + best]) {
        best = v;
      }
    }
    return best;
  }

  private static int[] all(int vocabulary) {
    int[] tokens = new int[vocabulary];
    Arrays.setAll(tokens, v -> v);
    return tokens;
  }

  /** The likeliest tokens: at most topK, and no more than hold topP of the probability. */
  private int[] kept(float[] logProbs, int from, int vocabulary) {
    int[] order = byProbability(logProbs, from, vocabulary);
    int most = sampling.topK() == 0 ? vocabulary : Math.min(sampling.topK(), vocabulary);
    double total = 0;
    for (int i = 0; i < most; i++) {
      total += weight(logProbs[from + order[i]]);
    }
    double sum = 0;
    int n = 0;
    while (n < most && (n == 0 || sum < sampling.topP() * total)) {
      sum += weight(logProbs[from + order[n++]]);
    }
    return Arrays.copyOf(order, n);
  }

  /** Token ids, likeliest first, equal ones by their number. */
  private static int[] byProbability(float[] logProbs, int from, int vocabulary) {
    long[] keys = new long[vocabulary];
    for (int v = 0; v < vocabulary; v++) {
      int bits = Float.floatToIntBits(logProbs[from + v]);
      int ascending = bits ^ ((bits >> 31) & Integer.MAX_VALUE);
      keys[v] = ((long) ~ascending << 32) | v;
    }
    Arrays.sort(keys);
    return Arrays.stream(keys).mapToInt(k -> (int) k).toArray();
  }

  /** In parts of the likeliest token's: p^(1/temperature) itself may be 0 for every token. */
  private double weight(float logProb) {
    return Math.exp(((double) logProb - top) / sampling.temperature());
  }

  private int draw(int[] tokens, float[] logProbs, int from, double draw) {
    double total = 0;
    for (int token : tokens) {
      total += weight(logProbs[from + token]);
    }
    double left = draw * total;
    for (int token : tokens) {
      left -= weight(logProbs[from + token]);
      if (left < 0) {
        return token;
      }
    }
    return tokens[tokens.length - 1];
  }
}
