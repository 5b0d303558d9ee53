package dev.millrace.model.align;

import java.util.List;

/**
 * Pairs that are told apart from each other.
 *
 * @param left all of one type
 * @param right what each of them is called
 * @param groups pairs of one group say the same and are not told apart
 */
public record PairBatch(List<Input> left, List<Input.Words> right, int[] groups) {}
