package dev.millrace.job.bench.measure;

import java.util.Arrays;

/**
 * How far a figure climbs over the equal windows of a run: the median of the slopes between all
 * pairs of windows, and its 95 % interval by Kendall's statistic (Sen, JASA 63, 1968). A step that
 * a compiler or an allocator takes once hardly moves it; what goes on growing does.
 *
 * @param mean of all windows
 * @param climb over the whole run, as a share of the mean
 * @param low of the climb's interval
 * @param high of the climb's interval
 */
public record Trend(double mean, double climb, double low, double high) {

  /** Windows of a run. */
  public static final int WINDOWS = 20;

  private static final int PAIRS = WINDOWS * (WINDOWS - 1) / 2;

  /** Slopes that lie outside the interval on each side. */
  private static final int RANK = rank();

  /** What a run may add and still count as level. */
  private static final double LEVEL = 0.01;

  /** The trend of one value a window. */
  public static Trend of(double[] windows) {
    if (windows.length != WINDOWS) {
      throw new IllegalArgumentException(windows.length + " windows, expected " + WINDOWS);
    }
    double[] slopes = new double[PAIRS];
    int pair = 0;
    for (int later = 1; later < WINDOWS; later++) {
      for (int earlier = 0; earlier < later; earlier++) {
        slopes[pair++] = (windows[later] - windows[earlier]) / (later - earlier);
      }
    }
    Arrays.sort(slopes);
    double mean = Arrays.stream(windows).average().orElseThrow();
    double run = WINDOWS / mean;
    double median = (slopes[(PAIRS - 1) / 2] + slopes[PAIRS / 2]) / 2;
    return new Trend(mean, median * run, slopes[RANK] * run, slopes[PAIRS - 1 - RANK] * run);
  }

  /** Kendall's statistic leaves 1.96 standard deviations with a probability of 5 %. */
  private static int rank() {
    double deviation = Math.sqrt(PAIRS * (2 * WINDOWS + 5) / 9.0);
    return (int) Math.floor((PAIRS - 1.96 * deviation) / 2);
  }

  /** Whether the interval reaches zero, or the run adds less than 1 %. */
  public boolean isLevel() {
    return low <= 0 || climb < LEVEL;
  }

  @Override
  public String toString() {
    return "%+.2f %% [%+.2f, %+.2f]".formatted(100 * climb, 100 * low, 100 * high);
  }
}
