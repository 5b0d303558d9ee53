package dev.millrace.model.score;

import java.io.Serializable;

/**
 * How samples are judged.
 *
 * @param signal what the first term measures
 * @param alpha weight of the signal in {@code Q(x) = (α·signal + β·diversity)·(1 − similarity²)}
 * @param beta weight of diversity
 * @param minQuality Q(x) below this is refused always
 * @param acceptRate share of recent texts by Q(x) to accept; 1 accepts down to {@code minQuality},
 *     0 nothing
 * @param nearSimilarity share of equal MinHash bins from which two texts are near duplicates
 * @param reorderedSimilarity the same of their words, whatever the order
 */
public record ScorerConfig(
    Signal signal,
    double alpha,
    double beta,
    double minQuality,
    double acceptRate,
    double nearSimilarity,
    double reorderedSimilarity,
    Weights weights,
    GuardLimits guard,
    ShapeLimits shape,
    ModelLimits model,
    MemoryLimits memory,
    AlignLimits align)
    implements Serializable {

  public static ScorerConfig defaults() {
    return new ScorerConfig(
        Signal.BELONGING,
        0.7,
        0.3,
        0.02,
        0.9,
        0.55,
        0.95,
        Weights.none(),
        GuardLimits.defaults(),
        ShapeLimits.defaults(),
        ModelLimits.defaults(),
        MemoryLimits.defaults(),
        AlignLimits.defaults());
  }

  public ScorerConfig withGuard(GuardLimits limits) {
    return new ScorerConfig(
        signal,
        alpha,
        beta,
        minQuality,
        acceptRate,
        nearSimilarity,
        reorderedSimilarity,
        weights,
        limits,
        shape,
        model,
        memory,
        align);
  }
}
