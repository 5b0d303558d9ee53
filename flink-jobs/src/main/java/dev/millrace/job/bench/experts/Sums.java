package dev.millrace.job.bench.experts;

/**
 * What some of a layer's experts add to some rows of a batch, by their weights.
 *
 * @param origin the subtask that waits for it
 * @param group of the experts
 * @param part of the group, or 0 for all of it
 * @param keys of the copies that were read, ascending
 * @param rows (copies, hidden_size), flat
 */
public record Sums(long batch, int origin, int group, int part, int[] keys, float[] rows) {}
