package dev.millrace.model.base;

/**
 * What to continue.
 *
 * @param tokens the prompt, at least 1 token
 * @param maxTokens how many to add
 */
public record Prompt(int[] tokens, LoadedAdapter adapter, int maxTokens, Sampling sampling) {

  /** Draws among all tokens. */
  public Prompt(int[] tokens, LoadedAdapter adapter, int maxTokens, double temperature, long seed) {
    this(tokens, adapter, maxTokens, new Sampling(temperature, 0, 1, seed));
  }
}
