package dev.millrace.adapter.train;

/**
 * Some of a lesson's optimizer steps, which count from 0.
 *
 * @param from the first
 * @param to the one after the last, if there are texts for so many
 * @param of how many the lesson has, for all who share it: what rates go by
 */
public record Span(int from, int to, int of) {}
