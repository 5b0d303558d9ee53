package dev.millrace.model.djl;

import java.util.Arrays;
import java.util.List;

/**
 * Sequences end to end, each as what is read and what is to be predicted.
 *
 * @param starts (tokens): each sequence without its last token
 * @param targets (tokens): each sequence without its first token
 * @param lens tokens of each
 */
record Texts(long[] starts, long[] targets, long[] lens) {

  static Texts of(List<int[]> rows) {
    return new Texts(
        DjlModel.flat(rows.stream().map(r -> Arrays.copyOf(r, r.length - 1)).toList()),
        DjlModel.flat(rows.stream().map(r -> Arrays.copyOfRange(r, 1, r.length)).toList()),
        rows.stream().mapToLong(r -> r.length - 1).toArray());
  }
}
