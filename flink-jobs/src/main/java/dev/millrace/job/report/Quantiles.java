package dev.millrace.job.report;

import java.util.Collection;

/** Nearest-rank quantiles of n values; both are 0 where there are none. */
public record Quantiles(long p50, long p99, int n) {

  public static Quantiles of(Collection<Long> values) {
    long[] sorted = values.stream().mapToLong(Long::longValue).sorted().toArray();
    return new Quantiles(rank(sorted, 50), rank(sorted, 99), sorted.length);
  }

  private static long rank(long[] sorted, int percent) {
    return sorted.length == 0
        ? 0
        : sorted[(int) Math.max(0, (sorted.length * (long) percent + 99) / 100 - 1)];
  }
}
