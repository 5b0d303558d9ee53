package dev.millrace.model.cache;

/**
 * The part of an answer that the model computed.
 *
 * @param text what was generated, else empty
 * @param logProb nats
 * @param tokens how many tokens logProb sums over
 * @param embedding what was embedded, else empty
 */
public record CachedAnswer(String text, double logProb, int tokens, float[] embedding) {}
