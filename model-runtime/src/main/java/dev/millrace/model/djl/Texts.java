package dev.millrace.model.djl;

import dev.millrace.model.base.Prefix;
import dev.millrace.model.config.MoeConfig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Sequences end to end, each as what is read and what is to be predicted.
 *
 * @param starts (tokens): each sequence without its last token; {@link #GIVEN} where a row of its
 *     prefix stands
 * @param targets (tokens): each sequence without its first token; 0 where that is of a prefix
 * @param lens tokens of each
 */
record Texts(long[] starts, long[] targets, long[] lens) {

  /** In place of a token whose embedding is given. */
  static final int GIVEN = -1;

  /** Tokens behind places for the rows of their prefixes. */
  static List<int[]> behind(List<Prefix> prefixes, List<int[]> tokens) {
    List<int[]> rows = new ArrayList<>();
    for (int i = 0; i < tokens.size(); i++) {
      rows.add(behind(prefixes.get(i), tokens.get(i)));
    }
    return rows;
  }

  /** The same of one. */
  static int[] behind(Prefix prefix, int[] tokens) {
    int[] row = new int[prefix.length() + tokens.length];
    Arrays.fill(row, 0, prefix.length(), GIVEN);
    System.arraycopy(tokens, 0, row, prefix.length(), tokens.length);
    return row;
  }

  /** The rows of prefixes end to end: (rows, hidden_size). */
  static Values given(List<Prefix> prefixes, int hiddenSize) {
    int n = prefixes.stream().mapToInt(p -> p.rows().length).sum();
    float[] all = new float[n];
    int at = 0;
    for (Prefix prefix : prefixes) {
      System.arraycopy(prefix.rows(), 0, all, at, prefix.rows().length);
      at += prefix.rows().length;
    }
    return new Values(all, n / hiddenSize, hiddenSize);
  }

  static Texts of(List<int[]> rows) {
    return new Texts(
        flat(rows.stream().map(r -> Arrays.copyOf(r, r.length - 1)).toList()),
        flat(rows.stream().map(Texts::predicted).toList()),
        rows.stream().mapToLong(r -> r.length - 1).toArray());
  }

  private static int[] predicted(int[] row) {
    return Arrays.stream(row, 1, row.length).map(token -> Math.max(0, token)).toArray();
  }

  static long[] flat(List<int[]> rows) {
    return rows.stream().flatMapToInt(IntStream::of).asLongStream().toArray();
  }

  /** Refuses a sequence that is shorter than so many tokens, or too long with some more to come. */
  static void requireLength(MoeConfig config, int[] tokens, int min, int more) {
    if (tokens.length < min || tokens.length + more > config.maxPositionEmbeddings()) {
      throw new IllegalArgumentException(
          tokens.length
              + " tokens and "
              + more
              + " to add, expected "
              + min
              + " to "
              + config.maxPositionEmbeddings()
              + " together");
    }
  }
}
