package dev.millrace.adapter.gate;

/**
 * A text of a lesson, before it teaches.
 *
 * @param incumbentLogProb sum of log-probabilities by what serves, nats
 * @param reorderedLogProb the same of its tokens in another order
 */
public record LessonText(int[] tokens, double incumbentLogProb, double reorderedLogProb) {}
