package dev.millrace.model.assign;

import java.util.List;

/**
 * How often each token stands in texts that the base knows: what a domain's texts are held against.
 *
 * @param counts (vocabulary)
 * @param tokens sum of the counts
 */
public record KnownTexts(int[] counts, int tokens) {

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
    return new KnownTexts(counts, tokens);
  }

  /** How often a token stands in them, smoothed: more than 0, and 1 over all tokens. */
  double frequency(int token) {
    return (counts[token] + 1.0) / (tokens + (double) vocabulary());
  }

  int vocabulary() {
    return counts.length;
  }
}
