package dev.millrace.adapter.train;

import dev.millrace.model.base.WeightedSequence;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Cuts the rows of a step into micro-batches of neighbouring lengths, within a token budget. */
final class MicroBatches {
  private MicroBatches() {}

  /** Longest first; rows of equal length keep their order; a row over the budget goes alone. */
  static List<List<WeightedSequence>> pack(List<WeightedSequence> rows, int budget) {
    List<WeightedSequence> sorted = new ArrayList<>(rows);
    sorted.sort(Comparator.comparingInt((WeightedSequence row) -> -row.tokens().length));
    List<List<WeightedSequence>> batches = new ArrayList<>();
    for (int from = 0; from < sorted.size(); ) {
      int fit = Math.max(1, budget / sorted.get(from).tokens().length);
      int to = Math.min(sorted.size(), from + fit);
      batches.add(List.copyOf(sorted.subList(from, to)));
      from = to;
    }
    return batches;
  }
}
