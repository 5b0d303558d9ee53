package dev.millrace.model.score;

import java.io.Serializable;

/**
 * How samples are judged.
 *
 * @param alpha weight of entropy in {@code Q(x) = α·entropy/ln(vocabulary) + β·diversity}
 * @param beta weight of diversity
 * @param minQuality Q(x) below this is refused always
 * @param acceptRate share of recent texts by Q(x) to accept; 1 accepts down to {@code minQuality}
 * @param nearSimilarity share of equal MinHash bins from which two texts are near duplicates
 */
public record ScorerConfig(
    double alpha,
    double beta,
    double minQuality,
    double acceptRate,
    double nearSimilarity,
    ShapeLimits shape,
    ModelLimits model,
    MemoryLimits memory)
    implements Serializable {

  public static ScorerConfig defaults() {
    return new ScorerConfig(
        0.5,
        0.5,
        0.02,
        0.9,
        0.65,
        ShapeLimits.defaults(),
        ModelLimits.defaults(),
        MemoryLimits.defaults());
  }
}
