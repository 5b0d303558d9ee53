package dev.millrace.adapter.train;

import java.util.List;

/**
 * What training led to.
 *
 * @param state the candidate; the state before it, unchanged, if training broke off
 * @param trouble why training broke off; empty if it did not
 * @param steps optimizer steps taken
 * @param tokens tokens trained on, replay and anchors included
 * @param worstNorm highest norm of a step's gradient before clipping
 * @param gradient (parameters): mean of the steps' gradients, clipped; empty if no step was taken
 * @param log of each step
 */
public record Training(
    AdapterState state,
    String trouble,
    int steps,
    long tokens,
    double worstNorm,
    float[] gradient,
    StepLog log) {

  /** A state that was taught nothing. */
  public static Training none(AdapterState state) {
    return new Training(state, "", 0, 0, 0, new float[0], StepLog.of(List.of()));
  }

  /** Followed by a repair: where that led to, and what both took. */
  public Training then(Training repair) {
    return new Training(
        repair.state,
        repair.trouble,
        steps + repair.steps,
        tokens + repair.tokens,
        Math.max(worstNorm, repair.worstNorm),
        gradient,
        log);
  }
}
