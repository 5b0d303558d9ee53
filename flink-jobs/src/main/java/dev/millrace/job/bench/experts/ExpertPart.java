package dev.millrace.job.bench.experts;

import dev.millrace.model.base.ExpertLayer;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Some consecutive experts of a layer. Each gets all its rows of a batch at once and in the order
 * of the tokens, as in the whole layer: so its products are the same bit for bit.
 */
final class ExpertPart {

  private final ExpertLayer experts;
  private final int first;
  private final int size;
  private final int part;

  ExpertPart(ExpertLayer experts, Placement placement, int group, int part) {
    this.experts = experts;
    this.first = placement.first(group, part);
    this.size = placement.size();
    this.part = part;
  }

  Sums sums(Copies copies) {
    int[] uses =
        IntStream.range(0, copies.experts().length)
            .filter(use -> isHere(copies.experts()[use]))
            .toArray();
    int[] counts = new int[size];
    for (int use : uses) {
      counts[copies.experts()[use] - first]++;
    }
    int[] places = places(copies, uses, counts);
    float[] outputs = experts.apply(counts, byExpert(copies, uses, places));
    int[] read = Arrays.stream(uses).map(use -> copies.of()[use]).distinct().toArray();
    int d = experts.hiddenSize();
    float[] rows = new float[read.length * d];
    for (int i = 0, at = 0; i < uses.length; i++) {
      while (read[at] != copies.of()[uses[i]]) {
        at++;
      }
      float weight = copies.weights()[uses[i]];
      for (int j = 0; j < d; j++) {
        rows[at * d + j] = Math.fma(weight, outputs[places[i] * d + j], rows[at * d + j]);
      }
    }
    int[] keys = Arrays.stream(read).map(copy -> copies.keys()[copy]).toArray();
    return new Sums(copies.batch(), copies.origin(), copies.group(), part, keys, rows);
  }

  private boolean isHere(int expert) {
    return expert >= first && expert < first + size;
  }

  /** Where the row of each use stands when rows are sorted by expert. */
  private int[] places(Copies copies, int[] uses, int[] counts) {
    int[] next = new int[size];
    for (int e = 1; e < size; e++) {
      next[e] = next[e - 1] + counts[e - 1];
    }
    return Arrays.stream(uses).map(use -> next[copies.experts()[use] - first]++).toArray();
  }

  private float[] byExpert(Copies copies, int[] uses, int[] places) {
    int d = experts.hiddenSize();
    float[] rows = new float[uses.length * d];
    for (int i = 0; i < uses.length; i++) {
      System.arraycopy(copies.rows(), copies.of()[uses[i]] * d, rows, places[i] * d, d);
    }
    return rows;
  }
}
