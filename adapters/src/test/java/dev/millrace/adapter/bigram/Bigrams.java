package dev.millrace.adapter.bigram;

import dev.millrace.adapter.batch.Draws;
import java.util.ArrayList;
import java.util.List;

/** A language: for each token, how likely each next one is. */
public record Bigrams(double[][] probabilities) {
  private static final int VOCAB = BigramBase.VOCAB;

  /** What the base knows: within the first half of the alphabet, each token goes to the next. */
  public static Bigrams known() {
    return stepping(0, VOCAB / 2, 1);
  }

  /** What it does not know: within the second half, each token goes three on. */
  public static Bigrams foreign() {
    return stepping(VOCAB / 2, VOCAB, 3);
  }

  /** Steps within [from, to) with 0.8; elsewhere, and else, anything. */
  private static Bigrams stepping(int from, int to, int stride) {
    double[][] p = new double[VOCAB][VOCAB];
    for (int i = 0; i < VOCAB; i++) {
      boolean inside = i >= from && i < to;
      for (int j = 0; j < VOCAB; j++) {
        boolean near = j >= from && j < to;
        p[i][j] =
            inside ? (near ? 0.1998 / (to - from) : 0.0002 / (VOCAB - to + from)) : 1.0 / VOCAB;
      }
      if (inside) {
        p[i][from + (i - from + stride) % (to - from)] += 0.8;
      }
    }
    return new Bigrams(p);
  }

  double[][] logProbs() {
    double[][] logs = new double[VOCAB][VOCAB];
    for (int i = 0; i < VOCAB; i++) {
      for (int j = 0; j < VOCAB; j++) {
        logs[i][j] = Math.log(probabilities[i][j]);
      }
    }
    return logs;
  }

  /** Texts of the language, of 20 to 39 tokens. */
  public List<int[]> texts(int n, long seed) {
    List<int[]> texts = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      texts.add(text(20 + Draws.below(20, seed, i), Draws.mix(seed, i)));
    }
    return texts;
  }

  private int[] text(int length, long seed) {
    int[] tokens = new int[length];
    tokens[0] = start(seed);
    for (int t = 1; t < length; t++) {
      tokens[t] = drawn(probabilities[tokens[t - 1]], (Draws.mix(seed, t) >>> 11) * 0x1p-53);
    }
    return tokens;
  }

  /** A token that the language steps from. */
  private int start(long seed) {
    int token = Draws.below(VOCAB, seed, 0);
    double[] p = probabilities[token];
    return p[0] == p[1] && p[1] == p[VOCAB - 1] ? (token + VOCAB / 2) % VOCAB : token;
  }

  private static int drawn(double[] p, double unit) {
    double left = unit;
    for (int i = 0; i < p.length; i++) {
      left -= p[i];
      if (left < 0) {
        return i;
      }
    }
    return p.length - 1;
  }
}
