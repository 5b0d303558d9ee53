package dev.millrace.model.base;

/**
 * What the model added to a prompt.
 *
 * @param tokens (n): the new tokens
 * @param logProbs (n): log p of each, nats
 */
public record Generation(int[] tokens, float[] logProbs) {}
