package dev.millrace.adapter.exchange;

import dev.millrace.adapter.train.Training;

/** How a trainer's steps of a round went; as in {@link Training}. */
public record Told(
    String trouble,
    int steps,
    long tokens,
    double firstLoss,
    double lastLoss,
    double worstLoss,
    double worstNorm) {

  static Told of(Training training) {
    return new Told(
        training.trouble(),
        training.steps(),
        training.tokens(),
        training.firstLoss(),
        training.lastLoss(),
        training.worstLoss(),
        training.worstNorm());
  }

  /** Of one who had nothing to do. */
  static Told nothing() {
    return new Told("", 0, 0, Double.NaN, Double.NaN, 0, 0);
  }

  /** Whether it learned something. */
  boolean counts() {
    return trouble.isEmpty() && steps > 0;
  }
}
