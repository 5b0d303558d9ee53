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
 * @param maxBoilerplateShare most characters, of its first 4,096, in lines that many texts of the
 *     domain have shown
 * @param maxUnknownShare most words that the domain does not know, once it has learned some
 */
public record ShapeLimits(
    int minBytes,
    int maxBytes,
    double minDistinctShare,
    double maxSymbolShare,
    double maxDamageShare,
    double maxBoilerplateShare,
    double maxUnknownShare)
    implements Serializable {

  public static ShapeLimits defaults() {
    return new ShapeLimits(48, 256 * 1024, 0.18, 0.5, 0.01, 0.6, 1);
  }
}
