package dev.millrace.model.base;

import java.util.Arrays;

/**
 * What stands before the tokens of a sequence: embeddings that no token has (Tsimpoukelli et al.,
 * Frozen, arXiv 2106.13884).
 *
 * @param length how many
 * @param rows (length, hidden_size)
 */
public record Prefix(int length, float[] rows) {

  public static final Prefix NONE = new Prefix(0, new float[0]);

  /** Rows of a base of that width. */
  public static Prefix of(float[] rows, int hiddenSize) {
    if (rows.length % hiddenSize != 0) {
      throw new IllegalArgumentException(
          "prefix of %d numbers, expected a multiple of %d".formatted(rows.length, hiddenSize));
    }
    return new Prefix(rows.length / hiddenSize, rows);
  }

  /** Those of its rows that stand at some positions. */
  public Prefix rows(int from, int to, int hiddenSize) {
    int first = Math.min(from, length);
    int last = Math.min(to, length);
    return first == last
        ? NONE
        : new Prefix(last - first, Arrays.copyOfRange(rows, first * hiddenSize, last * hiddenSize));
  }
}
