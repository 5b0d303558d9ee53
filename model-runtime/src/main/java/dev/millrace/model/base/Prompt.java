package dev.millrace.model.base;

/**
 * What to continue.
 *
 * @param tokens the prompt, at least 1 token
 * @param maxTokens how many to add
 * @param temperature 0 is greedy
 * @param seed of the draws where temperature is above 0
 */
public record Prompt(
    int[] tokens, LoadedAdapter adapter, int maxTokens, double temperature, long seed) {}
