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
    Likeliest likeliest = new Likeliest(logProbs, from, vocabulary);
    boolean ofAll = sampling.topK() == 0;
    int[] among = ofAll ? all(vocabulary) : likeliest.next(Math.min(sampling.topK(), vocabulary));
    double total = 0;
    for (int token : among) {
      total += weight(logProbs[from + token]);
    }
    int[] kept = new int[among.length];
    double sum = 0;
    int n = 0;
    while (n < kept.length && (n == 0 || sum < sampling.topP() * total)) {
      kept[n] = ofAll ? likeliest.next() : among[n];
      sum += weight(logProbs[from + kept[n++]]);
    }
    return Arrays.copyOf(kept, n);
  }

  /** Token ids as they are asked for, likeliest first, equal ones by their number: a heap. */
  private static final class Likeliest {

    private final long[] keys;
    private int size;

    Likeliest(float[] logProbs, int from, int vocabulary) {
      keys = new long[vocabulary];
      size = vocabulary;
      for (int v = 0; v < vocabulary; v++) {
        int bits = Float.floatToIntBits(logProbs[from + v]);
        int ascending = bits ^ ((bits >> 31) & Integer.MAX_VALUE);
        keys[v] = ((long) ~ascending << 32) | v;
      }
      for (int at = size / 2 - 1; at >= 0; at--) {
        sink(at);
      }
    }

    int[] next(int n) {
      int[] tokens = new int[n];
      Arrays.setAll(tokens, i -> next());
      return tokens;
    }

    int next() {
      int token = (int) keys[0];
      keys[0] = keys[--size];
      sink(0);
      return token;
    }

    private void sink(int from) {
      long key = keys[from];
      int at = from;
      for (int child = 2 * at + 1; child < size; child = 2 * at + 1) {
        if (child + 1 < size && keys[child + 1] < keys[child]) {
          child++;
        }
        if (keys[child] >= key) {
          break;
        }
        keys[at] = keys[child];
        at = child;
      }
      keys[at] = key;
    }
  }

  /** In parts of the likeliest token's: p^(1/temperature) itself may be 0 for every token. */
  private double weight(float logProb) {
    return Math.exp(((double) logProb - top) / sampling.temperature());
  }

  private int draw(int[] tokens, float[] logProbs, int from, double draw) {
    double[] weights = new double[tokens.length];
    double total = 0;
    for (int i = 0; i < tokens.length; i++) {
      weights[i] = weight(logProbs[from + tokens[i]]);
      total += weights[i];
    }
    double left = draw * total;
    for (int i = 0; i < tokens.length; i++) {
      left -= weights[i];
      if (left < 0) {
        return tokens[i];
      }
    }
    return tokens[tokens.length - 1];
  }
}
