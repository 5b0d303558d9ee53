package dev.millrace.model.assign;

import dev.millrace.model.weights.PrincipalDirections;
import java.util.List;

/**
 * How often each token stands in texts that the base knows: what a domain's texts are held against.
 *
 * @param counts (vocabulary)
 * @param tokens sum of the counts
 * @param rarity (vocabulary): −log of how often each stands there, nats
 * @param mean (vocabulary): of the texts as {@link TokenSet}s of length 1
 * @param common (directions, vocabulary): orthonormal, those that the same texts have most in
 *     common: what languages and kinds of text share, whatever they speak of
 */
public record KnownTexts(
    int[] counts, int tokens, double[] rarity, double[] mean, double[][] common) {

  private static final int DIRECTIONS = 8;

  /** Fewer texts a direction say what they speak of, not what they share. */
  private static final int LEAST_TEXTS = 16;

  /** Counts the tokens of some texts; ids from the vocabulary's size on are left out. */
  public static KnownTexts of(List<int[]> texts, int vocabulary) {
    int[] counts = new int[vocabulary];
    int tokens = 0;
    for (int[] text : texts) {
      for (int token : text) {
        if (token < vocabulary) {
          counts[token]++;
          tokens++;
        }
      }
    }
    int directions = Math.min(DIRECTIONS, texts.size() / LEAST_TEXTS);
    KnownTexts known =
        new KnownTexts(
            counts,
            tokens,
            new double[vocabulary],
            new double[vocabulary],
            new double[directions][]);
    for (int token = 0; token < vocabulary; token++) {
      known.rarity[token] = -StrictMath.log(known.frequency(token));
    }
    List<TokenSet> sets = texts.stream().map(text -> TokenSet.of(text, known)).toList();
    sets.forEach(set -> set.addTo(known.mean, 1.0 / sets.size(), known));
    double[][] common =
        PrincipalDirections.of(vector -> known.moment(sets, vector), vocabulary, directions);
    System.arraycopy(common, 0, known.common, 0, directions);
    return known;
  }

  /** The product of the texts' second moment, not centred, and a vector. */
  private double[] moment(List<TokenSet> texts, double[] vector) {
    double[] product = new double[vocabulary()];
    for (TokenSet text : texts) {
      text.addTo(product, text.along(vector, this), this);
    }
    return product;
  }

  /** How often a token stands in them, smoothed: more than 0, and 1 over all tokens. */
  double frequency(int token) {
    return (counts[token] + 1.0) / (tokens + (double) vocabulary());
  }

  int vocabulary() {
    return counts.length;
  }
}
