package dev.millrace.job.bench.experts;

/**
 * What a layer reads of some tokens, or what its experts answer.
 *
 * @param batch names it
 * @param rows (tokens, hidden_size), flat
 */
public record HiddenBatch(long batch, float[] rows) {}
