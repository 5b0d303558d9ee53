package dev.millrace.model.align;

/**
 * Something and what it is called.
 *
 * @param group pairs of one group say the same
 * @param cluster pairs of one cluster are hard to tell apart
 */
public record AlignedPair(Input left, Input.Words right, int group, int cluster) {}
