package dev.millrace.job.bench;

import dev.millrace.model.align.AlignedPair;
import dev.millrace.model.align.Aligner;
import java.util.Arrays;
import java.util.List;

/**
 * How well captions fit beside those of other pairs, as the scorer counts.
 *
 * @param own of true pairs
 * @param wrong of the same with the caption of the next pair
 */
record CaptionFits(double[] own, double[] wrong) {

  /** What a domain remembers by default. */
  static final int OTHERS = 128;

  /** The first pairs, half of them where there are few, are what a domain remembers. */
  static CaptionFits of(Aligner aligner, List<AlignedPair> pairs) {
    return of(
        aligner.embed(pairs.stream().map(AlignedPair::left).toList()),
        aligner.embed(pairs.stream().map(AlignedPair::right).toList()));
  }

  /** The same of pairs by where they lie. */
  static CaptionFits of(List<float[]> left, List<float[]> right) {
    int others = Math.min(OTHERS, left.size() / 2);
    int n = left.size() - others - 1;
    double[] own = new double[n];
    double[] wrong = new double[n];
    for (int i = 0; i < n; i++) {
      float[] place = left.get(others + i);
      own[i] = fit(place, right.get(others + i), left.subList(0, others), right);
      wrong[i] = fit(place, right.get(others + i + 1), left.subList(0, others), right);
    }
    return new CaptionFits(own, wrong);
  }

  /**
   * @param left of what is remembered
   * @param right of all, what is remembered first
   */
  private static double fit(
      float[] place, float[] caption, List<float[]> left, List<float[]> right) {
    double near = Aligner.cosine(place, caption);
    int below = 0;
    for (int j = 0; j < left.size(); j++) {
      below += Aligner.cosine(place, right.get(j)) < near ? 1 : 0;
      below += Aligner.cosine(left.get(j), caption) < near ? 1 : 0;
    }
    return below / (2.0 * left.size());
  }

  double median() {
    double[] sorted = own.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  static double below(double[] fits, double limit) {
    return (double) Arrays.stream(fits).filter(fit -> fit < limit).count() / fits.length;
  }

  /** Probability that a true pair fits better than a wrong one. */
  double auc() {
    double wins = 0;
    for (double a : own) {
      for (double b : wrong) {
        wins += a > b ? 1 : a == b ? 0.5 : 0;
      }
    }
    return wins / own.length / wrong.length;
  }
}
