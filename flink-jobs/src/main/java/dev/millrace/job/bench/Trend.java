package dev.millrace.job.bench;

import java.util.Arrays;
import java.util.Locale;

/**
 * A figure over the equal windows of a run: a straight line by least squares, and how far it climbs
 * from the beginning to the end, with the 95 % interval of Student's t.
 *
 * @param mean of all windows
 * @param climb over the whole run, as a share of the mean
 * @param low of the climb's interval
 * @param high of the climb's interval
 */
record Trend(double mean, double climb, double low, double high) {

  /** Windows of a run. */
  static final int WINDOWS = 20;

  /** Two-sided 95 % of Student's t with WINDOWS - 2 degrees of freedom. */
  private static final double T = 2.101;

  /** What a run may add and still count as level. */
  private static final double LEVEL = 0.01;

  /** The trend of one value a window. */
  static Trend of(double[] windows) {
    if (windows.length != WINDOWS) {
      throw new IllegalArgumentException(windows.length + " windows, expected " + WINDOWS);
    }
    double mean = Arrays.stream(windows).average().orElseThrow();
    double middle = (WINDOWS - 1) / 2.0;
    double xx = 0;
    double xy = 0;
    for (int x = 0; x < WINDOWS; x++) {
      xx += (x - middle) * (x - middle);
      xy += (x - middle) * (windows[x] - mean);
    }
    double slope = xy / xx;
    double residuals = 0;
    for (int x = 0; x < WINDOWS; x++) {
      double residual = windows[x] - mean - slope * (x - middle);
      residuals += residual * residual;
    }
    double margin = T * Math.sqrt(residuals / (WINDOWS - 2) / xx);
    double run = WINDOWS / mean;
    return new Trend(mean, slope * run, (slope - margin) * run, (slope + margin) * run);
  }

  /** Whether the interval reaches zero, or the run adds less than 1 %. */
  boolean isLevel() {
    return low <= 0 || climb < LEVEL;
  }

  @Override
  public String toString() {
    return String.format(
        Locale.ROOT, "%+.2f %% [%+.2f, %+.2f]", 100 * climb, 100 * low, 100 * high);
  }
}
