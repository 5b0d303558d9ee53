package dev.millrace.job.bench.experts;

/**
 * Rows of a batch that a group's experts are to read: what crosses the network.
 *
 * @param origin the subtask that waits for sums
 * @param keys of the copies, ascending
 * @param rows (copies, hidden_size), flat
 * @param of the copy that each expert reads, ascending
 * @param experts of a copy, in the order in which its token likes them
 * @param weights of these
 */
public record Copies(
    long batch,
    int origin,
    int group,
    int[] keys,
    float[] rows,
    int[] of,
    int[] experts,
    float[] weights) {}
