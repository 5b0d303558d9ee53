package dev.millrace.model.score;

import java.io.Serializable;

/**
 * What a text must look like before the model is asked.
 *
 * @param minBytes least UTF-8 bytes
 * @param maxBytes most UTF-8 bytes
 * @param minDistinctShare least share of distinct character 4-grams in its first 4,096 characters
 * @param maxSymbolShare most characters that are neither letter, digit nor space
 * @param maxDamageShare most characters that only a broken conversion leaves behind
 */
public record ShapeLimits(
    int minBytes,
    int maxBytes,
    double minDistinctShare,
    double maxSymbolShare,
    double maxDamageShare)
    implements Serializable {

  public static ShapeLimits defaults() {
    return new ShapeLimits(48, 256 * 1024, 0.18, 0.5, 0.01);
  }
}
