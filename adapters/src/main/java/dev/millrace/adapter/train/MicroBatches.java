package dev.millrace.adapter.train;

import dev.millrace.model.base.WeightedSequence;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/** Shares the rows of a step out to micro-batches, within a token budget and without padding. */
final class MicroBatches {

  /** A call of the gradient program costs about what so many more tokens in another call do. */
  private static final long CALL_TOKENS = 128;

  private MicroBatches() {}

  /**
   * How many micro-batches each kind of rows should have: one, and more where a thread would be
   * idle and each has tokens enough to be worth a call.
   *
   * @param tokens of each kind
   */
  static int[] counts(long[] tokens, int threads) {
    int[] counts = Arrays.stream(tokens).mapToInt(n -> n > 0 ? 1 : 0).toArray();
    for (int idle = threads - Arrays.stream(counts).sum(); idle > 0; idle--) {
      int longest = 0;
      for (int kind = 1; kind < tokens.length; kind++) {
        if (tokens[kind] * (counts[longest] + 1) > tokens[longest] * (counts[kind] + 1)) {
          longest = kind;
        }
      }
      if (tokens[longest] >= CALL_TOKENS * (counts[longest] + 1)) {
        counts[longest]++;
      }
    }
    return counts;
  }

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
