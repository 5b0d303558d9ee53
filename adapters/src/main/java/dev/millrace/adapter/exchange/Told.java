package dev.millrace.adapter.exchange;

import dev.millrace.adapter.train.Training;
import java.util.List;

/**
 * How a trainer's steps of a round went; as in {@link Training}.
 *
 * @param losses of each step that had texts, nats per token
 * @param nanos that the steps took there
 */
public record Told(
    String trouble, int steps, long tokens, List<Double> losses, double worstNorm, long nanos) {

  static Told of(Training training, long nanos) {
    return new Told(
        training.trouble(),
        training.steps(),
        training.tokens(),
        training.log().losses(),
        training.worstNorm(),
        nanos);
  }

  /** Of one who had nothing to do. */
  static Told nothing() {
    return new Told("", 0, 0, List.of(), 0, 0);
  }

  /** Whether it learned something. */
  boolean counts() {
    return trouble.isEmpty() && steps > 0;
  }
}
