package dev.millrace.model.base;

/**
 * What to continue.
 *
 * @param prefix stands before the prompt
 * @param tokens the prompt, at least 1 token, behind a prefix none
 * @param maxTokens how many to add
 */
public record Prompt(
    Prefix prefix, int[] tokens, LoadedAdapter adapter, int maxTokens, Sampling sampling) {

  /** Behind no prefix. */
  public Prompt(int[] tokens, LoadedAdapter adapter, int maxTokens, Sampling sampling) {
    this(Prefix.NONE, tokens, adapter, maxTokens, sampling);
  }

  /** Draws among all tokens. */
  public Prompt(int[] tokens, LoadedAdapter adapter, int maxTokens, double temperature, long seed) {
    this(tokens, adapter, maxTokens, new Sampling(temperature, 0, 1, seed));
  }

  /** Positions that it takes, its answer included. */
  public int length() {
    return prefix.length() + tokens.length + maxTokens;
  }
}
