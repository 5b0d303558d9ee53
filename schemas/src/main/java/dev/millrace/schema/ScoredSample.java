package dev.millrace.schema;

/**
 * A sample that passed the scorer.
 *
 * @param tokens its token ids, truncated to the model's training context
 * @param entropy mean predictive entropy, nats per token
 * @param diversity distance from what its domain has shown lately, 0..1
 * @param quality {@code Q(x) = α·entropy + β·diversity}
 * @param heldOut true if its document is held out for ever: it judges and never teaches
 */
public record ScoredSample(
    Sample sample,
    int[] tokens,
    double entropy,
    double diversity,
    double quality,
    boolean heldOut) {}
