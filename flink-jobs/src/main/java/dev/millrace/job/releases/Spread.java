package dev.millrace.job.releases;

import java.util.Arrays;
import java.util.List;

/**
 * A figure of several models that differ in nothing but their seeds.
 *
 * @param deviation the standard deviation, of n - 1; not a number for one model
 */
public record Spread(int models, double mean, double deviation, double lowest, double highest) {

  static Spread of(List<Double> figures) {
    double[] values = figures.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    double mean = Arrays.stream(values).average().orElseThrow();
    double squares = Arrays.stream(values).map(x -> (x - mean) * (x - mean)).sum();
    return new Spread(
        values.length,
        mean,
        Math.sqrt(squares / (values.length - 1)),
        values[0],
        values[values.length - 1]);
  }

  /** How far a figure lies above the mean, in standard deviations. */
  public double deviations(double figure) {
    return (figure - mean) / deviation;
  }
}
