package dev.millrace.job.bench.serve;

import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Questions some of which are asked far more often than others, and which change with time.
 *
 * @param exponent the question of rank r is asked as often as r to the power of minus this
 */
record DriftingZipf(double exponent) {

  private static final int SHARE = 100;

  /**
   * (count): questions by number, from 0.
   *
   * @param questions that are asked at any time
   * @param every requests after which one in a hundred of them, drawn alike from all, is replaced
   *     by one that was never asked; 0 for never
   */
  int[] draw(int count, int questions, int every, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    double[] upTo = cumulative(questions);
    double sum = upTo[questions - 1];
    int[] byRank = new int[questions];
    Arrays.setAll(byRank, rank -> rank);
    int next = questions;
    int[] drawn = new int[count];
    for (int i = 0; i < count; i++) {
      if (every > 0 && i % every == every - 1) {
        for (int n = 0; n < questions / SHARE; n++) {
          byRank[random.nextInt(questions)] = next++;
        }
      }
      int at = Arrays.binarySearch(upTo, random.nextDouble() * sum);
      drawn[i] = byRank[Math.min(questions - 1, at < 0 ? -at - 1 : at)];
    }
    return drawn;
  }

  /** (questions): how often those up to each rank are asked together, unnormalized. */
  private double[] cumulative(int questions) {
    double[] upTo = new double[questions];
    double sum = 0;
    for (int rank = 0; rank < questions; rank++) {
      sum += Math.pow(rank + 1, -exponent);
      upTo[rank] = sum;
    }
    return upTo;
  }

  /** Share of the requests that ask one of the most popular questions, 0..1. */
  double shareOfTop(int top, int questions) {
    double[] upTo = cumulative(questions);
    return upTo[Math.min(top, questions) - 1] / upTo[questions - 1];
  }
}
