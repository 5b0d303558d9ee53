package dev.millrace.adapter.train;

import dev.millrace.model.base.WeightedSequence;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Shares the rows of a step out to micro-batches, within a token budget and without padding. */
final class MicroBatches {
  private MicroBatches() {}

  /**
   * Longest first, each row to the micro-batch that has the fewest tokens; as few micro-batches as
   * the budget allows, but so many as are wanted. A row over the budget goes alone.
   */
  static List<List<WeightedSequence>> pack(
      List<WeightedSequence> rows, int budget, int wantedCount) {
    if (rows.isEmpty()) {
      return List.of();
    }
    List<WeightedSequence> sorted = new ArrayList<>(rows);
    sorted.sort(Comparator.comparingInt((WeightedSequence row) -> -row.tokens().length));
    long least = (tokens(rows) + budget - 1) / budget;
    int count = (int) Math.min(rows.size(), Math.max(least, wantedCount));
    List<List<WeightedSequence>> shared = share(sorted, count);
    while (count < rows.size() && !within(shared, budget)) {
      shared = share(sorted, ++count);
    }
    return shared;
  }

  private static boolean within(List<List<WeightedSequence>> batches, int budget) {
    return batches.stream().allMatch(batch -> batch.size() == 1 || tokens(batch) <= budget);
  }

  private static List<List<WeightedSequence>> share(List<WeightedSequence> sorted, int count) {
    List<List<WeightedSequence>> batches = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      batches.add(new ArrayList<>());
    }
    for (WeightedSequence row : sorted) {
      batches.stream().min(Comparator.comparingLong(MicroBatches::tokens)).orElseThrow().add(row);
    }
    return batches;
  }

  static long tokens(List<WeightedSequence> rows) {
    return rows.stream().mapToLong(row -> row.tokens().length).sum();
  }
}
