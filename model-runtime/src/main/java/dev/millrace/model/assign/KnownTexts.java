package dev.millrace.model.assign;

import java.util.List;

/**
 * How often each token stands in texts that the base knows: what a domain's texts are held against.
 *
 * @param counts (vocabulary)
 * @param tokens sum of the counts
 * @param rarity (vocabulary): −log of how often each stands there, nats
 * @param mean (vocabulary): of the texts as {@link TokenSet}s of length 1
 */
public record KnownTexts(int[] counts, int tokens, double[] rarity, double[] mean) {

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
    KnownTexts known =
        new KnownTexts(counts, tokens, new double[vocabulary], new double[vocabulary]);
    for (int token = 0; token < vocabulary; token++) {
      known.rarity[token] = -StrictMath.log(known.frequency(token));
    }
    texts.forEach(text -> TokenSet.of(text, known).addTo(known.mean, 1.0 / texts.size(), known));
    return known;
  }

  /** How often a token stands in them, smoothed: more than 0, and 1 over all tokens. */
  double frequency(int token) {
    return (counts[token] + 1.0) / (tokens + (double) vocabulary());
  }

  int vocabulary() {
    return counts.length;
  }
}
