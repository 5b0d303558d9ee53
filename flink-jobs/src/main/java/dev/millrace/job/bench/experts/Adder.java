package dev.millrace.job.bench.experts;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Adds what several parts, or groups, sum up of each batch: always in their order, whoever is
 * first.
 */
final class Adder {

  private final int terms;
  private final int keysOfToken;
  private final Map<Long, @Nullable Sums[]> waiting = new HashMap<>();

  /**
   * @param terms of each batch
   * @param keysOfToken copies with so many consecutive keys are added to one row
   */
  Adder(int terms, int keysOfToken) {
    this.terms = terms;
    this.keysOfToken = keysOfToken;
  }

  /** Takes a batch's term; gives the sum when it was the last, else null. */
  @Nullable Sums take(int term, Sums sums) {
    @Nullable Sums[] all = waiting.computeIfAbsent(sums.batch(), batch -> new Sums[terms]);
    if (all[term] != null) {
      throw new IllegalStateException(
          "batch %d has term %d twice, expected once".formatted(sums.batch(), term));
    }
    all[term] = sums;
    List<Sums> come = Arrays.stream(all).filter(Objects::nonNull).toList();
    if (come.size() < terms) {
      return null;
    }
    waiting.remove(sums.batch());
    return sum(come);
  }

  /** How many batches lack terms. */
  int waiting() {
    return waiting.size();
  }

  private Sums sum(List<Sums> all) {
    int[] keys =
        all.stream()
            .flatMapToInt(one -> Arrays.stream(one.keys()))
            .map(key -> key / keysOfToken)
            .sorted()
            .distinct()
            .toArray();
    int d =
        all.stream()
            .filter(one -> one.keys().length > 0)
            .mapToInt(one -> one.rows().length / one.keys().length)
            .findFirst()
            .orElse(0);
    float[] rows = new float[keys.length * d];
    all.forEach(one -> add(one, keys, rows, d));
    Sums like = all.get(0);
    return new Sums(like.batch(), like.origin(), like.group(), 0, keys, rows);
  }

  private void add(Sums one, int[] keys, float[] rows, int d) {
    for (int copy = 0, at = 0; copy < one.keys().length; copy++) {
      while (keys[at] != one.keys()[copy] / keysOfToken) {
        at++;
      }
      for (int j = 0; j < d; j++) {
        rows[at * d + j] += one.rows()[copy * d + j];
      }
    }
  }
}
