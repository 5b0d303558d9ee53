package dev.millrace.job.report;

import java.util.SortedMap;

/**
 * The protected set, which no adapter may spoil.
 *
 * @param bitsPerByteBefore of the base alone
 * @param bitsPerByteAfter with the adapter that does worst on it
 * @param byAdapter with each domain's adapter
 */
public record ProtectedFigures(
    double bitsPerByteBefore, double bitsPerByteAfter, SortedMap<String, Double> byAdapter) {

  public static ProtectedFigures of(double before, SortedMap<String, Double> byAdapter) {
    double worst = byAdapter.values().stream().mapToDouble(b -> b).max().orElse(before);
    return new ProtectedFigures(before, worst, byAdapter);
  }
}
