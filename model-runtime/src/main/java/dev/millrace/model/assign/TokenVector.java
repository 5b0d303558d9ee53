package dev.millrace.model.assign;

import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/**
 * A text as a vector of its tokens, the rare ones of the base weighing more (tf-idf), of length 1.
 *
 * @param tokens ids, ascending
 * @param weights of each
 */
record TokenVector(int[] tokens, double[] weights) {

  static TokenVector of(int[] text, KnownTexts known) {
    Map<Integer, Integer> counts = new TreeMap<>();
    for (int token : text) {
      if (token < known.vocabulary()) {
        counts.merge(token, 1, Integer::sum);
      }
    }
    int[] tokens = counts.keySet().stream().mapToInt(Integer::intValue).toArray();
    double[] weights = new double[tokens.length];
    for (int i = 0; i < tokens.length; i++) {
      double often = 1 + StrictMath.log(counts.getOrDefault(tokens[i], 1));
      weights[i] = known.rarity()[tokens[i]] * often;
    }
    double length = Math.sqrt(Arrays.stream(weights).map(w -> w * w).sum());
    return new TokenVector(tokens, Arrays.stream(weights).map(w -> w / length).toArray());
  }

  /** From 0, nothing shared, to 1. */
  double cosine(TokenVector other) {
    double sum = 0;
    for (int i = 0, j = 0; i < tokens.length && j < other.tokens.length; ) {
      int order = Integer.compare(tokens[i], other.tokens[j]);
      if (order == 0) {
        sum += weights[i] * other.weights[j];
      }
      i += order <= 0 ? 1 : 0;
      j += order >= 0 ? 1 : 0;
    }
    return sum;
  }
}
