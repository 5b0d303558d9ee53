package dev.millrace.adapter.exchange;

/**
 * One training of one lesson.
 *
 * @param learner the subtask that asks for it
 * @param number grows with each that it asks for
 */
public record Call(int learner, long number) {

  /** Whether a learner is past this one: it asks for one at a time. */
  boolean isOver(Call now) {
    return learner == now.learner && number < now.number;
  }
}
