package dev.millrace.model.assign;

import java.util.Arrays;

/**
 * A text as the set of its tokens: a vector in which the rare ones of the base weigh more (idf).
 *
 * @param tokens ids, ascending
 * @param length of the vector
 */
public record TokenSet(int[] tokens, double length) {

  public static TokenSet of(int[] text, KnownTexts known) {
    int[] tokens =
        Arrays.stream(text)
            .filter(token -> token < known.vocabulary())
            .sorted()
            .distinct()
            .toArray();
    double squares = 0;
    for (int token : tokens) {
      squares += known.rarity()[token] * known.rarity()[token];
    }
    return new TokenSet(tokens, Math.sqrt(squares));
  }

  /** From 0, nothing shared, to 1. */
  public double cosine(TokenSet other, KnownTexts known) {
    double sum = 0;
    for (int i = 0, j = 0; i < tokens.length && j < other.tokens.length; ) {
      int order = Integer.compare(tokens[i], other.tokens[j]);
      if (order == 0) {
        sum += known.rarity()[tokens[i]] * known.rarity()[tokens[i]];
      }
      i += order <= 0 ? 1 : 0;
      j += order >= 0 ? 1 : 0;
    }
    return sum == 0 ? 0 : sum / (length * other.length);
  }

  /** The mean cosine with the texts that the base knows. */
  public double cosine(KnownTexts known) {
    return along(known.mean(), known);
  }

  /** The product of a vector and this one, made to be of length 1. */
  double along(double[] vector, KnownTexts known) {
    double sum = 0;
    for (int token : tokens) {
      sum += known.rarity()[token] * vector[token];
    }
    return sum == 0 ? 0 : sum / length;
  }

  /** Adds a share of the vector, made to be of length 1. */
  void addTo(double[] vector, double share, KnownTexts known) {
    for (int token : tokens) {
      vector[token] += share * known.rarity()[token] / length;
    }
  }
}
