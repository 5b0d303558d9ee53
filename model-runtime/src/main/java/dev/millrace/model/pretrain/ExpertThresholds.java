package dev.millrace.model.pretrain;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * From which threshold on experts are taken, for each mean number of experts a token that is aimed
 * at: held there step by step, as the router changes under training.
 */
final class ExpertThresholds {

  private static final double GAIN = 0.5;
  private static final double LEAST = 1e-4;

  private final Map<Double, Double> thresholds = new TreeMap<>();

  /** Reads what {@link #toString} wrote. */
  static ExpertThresholds of(String text) {
    ExpertThresholds thresholds = new ExpertThresholds();
    for (String entry : text.isEmpty() ? new String[0] : text.split(",")) {
      String[] pair = entry.split("=", 2);
      thresholds.thresholds.put(Double.valueOf(pair[0]), Double.valueOf(pair[1]));
    }
    return thresholds;
  }

  /** The threshold of each row; 0, which stands for the top k, stays 0. */
  double[] rows(List<Double> wanted) {
    return wanted.stream().mapToDouble(e -> e == 0 ? 0 : threshold(e)).toArray();
  }

  private double threshold(double aim) {
    return thresholds.getOrDefault(aim, 0.23 / aim);
  }

  /**
   * Moves each threshold towards its aim.
   *
   * @param wanted mean experts a token, row by row of a micro-batch
   * @param used the same as it came out, row by row of both micro-batches
   */
  void adjust(List<Double> wanted, double[] used) {
    for (double aim : wanted.stream().distinct().filter(e -> e > 0).toList()) {
      double sum = 0;
      int rows = 0;
      for (int i = 0; i < used.length; i++) {
        if (wanted.get(i % wanted.size()) == aim) {
          sum += used[i];
          rows++;
        }
      }
      double threshold = threshold(aim) * Math.pow(sum / (aim * rows), GAIN);
      thresholds.put(aim, Math.max(LEAST, Math.min(1, threshold)));
    }
  }

  @Override
  public String toString() {
    return thresholds.entrySet().stream()
        .map(e -> String.format(Locale.ROOT, "%s=%s", e.getKey(), e.getValue()))
        .collect(Collectors.joining(","));
  }
}
