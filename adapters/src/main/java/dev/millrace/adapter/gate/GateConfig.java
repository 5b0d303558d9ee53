package dev.millrace.adapter.gate;

import java.io.Serializable;

/**
 * What a candidate must reach.
 *
 * @param minHeldOutSamples held-out samples below which there is not enough evidence
 * @param minHeldOutTokens held-out tokens below which there is not enough evidence, unless there
 *     are many samples
 * @param manyHeldOutSamples held-out samples that are enough however short they are
 * @param minGain least relative fall of the held-out loss against the incumbent; a negative one
 *     allows it to rise by so much, for batches too small to show on other texts
 * @param level share of bootstrap resamples in which the candidate must win, or keep within that
 *     rise
 * @param resamples of the paired bootstrap
 * @param protectedBound greatest relative rise of the loss on all protected sets together, against
 *     the base
 * @param worstProtectedBound the same for the set that is hurt most
 * @param protectedSamples sequences judged per protected set, at most
 * @param parityBound greatest mean |Δ log p| between training and serving, nats
 * @param paritySamples held-out samples that parity and routing are judged on, at most
 * @param minRoutingAgreement least share of a token's experts that are those of the incumbent
 * @param canaryTokens tokens of a canary's output that are compared
 * @param explosion greatest rise of the loss of a few steps over the first ones', as a factor
 * @param changeBound greatest root mean square of what is added to a matrix
 * @param lesson what a lesson must be like
 */
public record GateConfig(
    int minHeldOutSamples,
    int minHeldOutTokens,
    int manyHeldOutSamples,
    double minGain,
    double level,
    int resamples,
    double protectedBound,
    double worstProtectedBound,
    int protectedSamples,
    double parityBound,
    int paritySamples,
    double minRoutingAgreement,
    int canaryTokens,
    double explosion,
    double changeBound,
    LessonConfig lesson)
    implements Serializable {

  /** What the demo runs with. */
  public static GateConfig defaults() {
    return new GateConfig(
        4,
        400,
        16,
        0.001,
        0.95,
        1000,
        0.0025,
        0.01,
        24,
        0.02,
        8,
        0.6,
        8,
        2.0,
        0.2,
        LessonConfig.defaults());
  }
}
