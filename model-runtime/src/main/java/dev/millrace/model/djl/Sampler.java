package dev.millrace.model.djl;

import dev.millrace.model.base.Sampling;
import dev.millrace.model.simd.Exp;
import java.util.Arrays;
import java.util.SplittableRandom;

/** Draws the tokens of one answer, one uniform number a token. */
final class Sampler {

  /** Colder is no different, and would not be a float. */
  private static final double COLDEST = 1e-30;

  private final Sampling sampling;
  private final SplittableRandom random;
  private final float temperature;

  /** log p of the likeliest next token. */
  private float top;

  Sampler(Sampling sampling) {
    this.sampling = sampling;
    this.random = new SplittableRandom(sampling.seed());
    this.temperature = (float) Math.max(sampling.temperature(), COLDEST);
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
      return draw(weights(logProbs, from, vocabulary), draw);
    }
    int[] kept = kept(logProbs, from, vocabulary);
    float[] weights = new float[kept.length];
    for (int i = 0; i < kept.length; i++) {
      weights[i] = weight(logProbs[from + kept[i]]);
    }
    return kept[draw(weights, draw)];
  }

  /** In parts of the likeliest token's: p^(1/temperature) itself may be 0 for every token. */
  private float[] weights(float[] logProbs, int from, int vocabulary) {
    return Exp.of(logProbs, from, vocabulary, top, temperature);
  }

  private float weight(float logProb) {
    return Exp.of((logProb - top) / temperature);
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

  /** The likeliest tokens: at most topK, and no more than hold topP of the probability. */
  private int[] kept(float[] logProbs, int from, int vocabulary) {
    Heap likeliest = new Heap(logProbs, from, vocabulary);
    int most = sampling.topK() == 0 ? vocabulary : Math.min(sampling.topK(), vocabulary);
    int[] kept;
    double total = 0;
    if (most == vocabulary) {
      kept = new int[most];
      for (float weight : weights(logProbs, from, vocabulary)) {
        total += weight;
      }
    } else {
      kept = likeliest.next(most);
      for (int token : kept) {
        total += weight(logProbs[from + token]);
      }
    }
    double sum = 0;
    int n = 0;
    while (n < most && (n == 0 || sum < sampling.topP() * total)) {
      if (most == vocabulary) {
        kept[n] = likeliest.next();
      }
      sum += weight(logProbs[from + kept[n++]]);
    }
    return Arrays.copyOf(kept, n);
  }

  /** Token ids as they are asked for, likeliest first, equal ones by their number. */
  private static final class Heap {

    private final long[] keys;
    private int size;

    Heap(float[] logProbs, int from, int vocabulary) {
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

  /** The place of the one that is drawn. */
  private static int draw(float[] weights, double draw) {
    double total = 0;
    for (float weight : weights) {
      total += weight;
    }
    double left = draw * total;
    for (int i = 0; i < weights.length; i++) {
      left -= weights[i];
      if (left < 0) {
        return i;
      }
    }
    return weights.length - 1;
  }
}
