package dev.millrace.adapter.train;

/**
 * Some of a lesson's optimizer steps, which count from 0.
 *
 * @param from the first
 * @param to the one after the last, if the lesson has so many
 */
public record Span(int from, int to) {
  /** All of them. */
  public static final Span WHOLE = new Span(0, Integer.MAX_VALUE);
}
