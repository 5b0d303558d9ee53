package dev.millrace.adapter.gate;

import dev.millrace.adapter.batch.Draws;

/** A paired bootstrap over samples (Koehn, EMNLP 2004). */
public final class PairedBootstrap {
  private PairedBootstrap() {}

  /**
   * Share of resamples, drawn with replacement, in which one side's sum is greater.
   *
   * @param one (samples): a figure of each
   * @param other (samples): the same figure on the other side
   */
  public static double wins(double[] one, double[] other, int resamples, long seed) {
    int n = one.length;
    int won = 0;
    for (int resample = 0; resample < resamples; resample++) {
      long drawing = Draws.mix(seed, resample);
      double difference = 0;
      for (int i = 0; i < n; i++) {
        int drawn = Draws.below(n, drawing, i);
        difference += one[drawn] - other[drawn];
      }
      won += difference > 0 ? 1 : 0;
    }
    return (double) won / resamples;
  }
}
