package dev.millrace.model.pretrain;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * How freely the router's entropy gives out experts, for each mean number of experts a token that
 * is aimed at: held there step by step, as the router changes under training.
 */
final class ExpertScales {

  private static final double GAIN = 0.2;
  private static final double MOST = 10;

  private final Map<Double, Double> scales = new TreeMap<>();

  /** Reads what {@link #toString} wrote. */
  static ExpertScales of(String text) {
    ExpertScales scales = new ExpertScales();
    for (String entry : text.isEmpty() ? new String[0] : text.split(",")) {
      String[] pair = entry.split("=", 2);
      scales.scales.put(Double.valueOf(pair[0]), Double.valueOf(pair[1]));
    }
    return scales;
  }

  /** The scale of each row; 0, which stands for the top k, stays 0. */
  double[] rows(List<Double> wanted) {
    return wanted.stream().mapToDouble(e -> e == 0 ? 0 : scales.getOrDefault(e, e / 3)).toArray();
  }

  /**
   * Moves each scale towards its aim.
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
      double scale = scales.getOrDefault(aim, aim / 3) * Math.pow(aim * rows / sum, GAIN);
      scales.put(aim, Math.min(MOST, scale));
    }
  }

  @Override
  public String toString() {
    return scales.entrySet().stream()
        .map(e -> String.format(Locale.ROOT, "%s=%s", e.getKey(), e.getValue()))
        .collect(Collectors.joining(","));
  }
}
