package dev.millrace.job.bench.measure;

import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * A median and its 95 % confidence interval, which are order statistics: nothing is assumed about
 * the distribution.
 */
public record Estimate(double median, double low, double high) {

  private static final double OUTSIDE = 0.05;

  /** The median of these values, at least one. */
  public static Estimate of(double... values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int n = sorted.length;
    int rank = rank(n);
    double median = (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
    return new Estimate(median, sorted[rank], sorted[n - 1 - rank]);
  }

  /** The median of a figure of each. */
  public static <T> Estimate of(List<T> each, ToDoubleFunction<T> figure) {
    return of(each.stream().mapToDouble(figure).toArray());
  }

  /** The median of how many times one value is the other, pair by pair. */
  public static Estimate ofRatios(double[] one, double[] other) {
    double[] ratios = new double[one.length];
    Arrays.setAll(ratios, i -> one[i] / other[i]);
    return of(ratios);
  }

  /**
   * The largest rank, from 0, such that the interval from there to its mirror image misses the
   * median with at most 5 %: a binomial tail at one half. For fewer than six values, 0.
   */
  private static int rank(int n) {
    double tail = Math.pow(0.5, n);
    double term = tail;
    int rank = 0;
    for (int k = 1; 2 * k < n; k++) {
      term *= (double) (n - k + 1) / k;
      tail += term;
      if (2 * tail > OUTSIDE) {
        break;
      }
      rank = k;
    }
    return rank;
  }

  @Override
  public String toString() {
    return "%.3g [%.3g, %.3g]".formatted(median, low, high);
  }
}
