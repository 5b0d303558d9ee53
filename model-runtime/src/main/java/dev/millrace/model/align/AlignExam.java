package dev.millrace.model.align;

import java.util.Arrays;
import java.util.List;

/**
 * How well pairs find each other among all.
 *
 * @param recall1 share of left sides whose own caption is nearest (ties count against it)
 * @param recall10 share of those whose own is among the nearest ten
 * @param back1 the same of captions
 * @param back10 the same of captions
 * @param auc probability that a pair lies closer than a left side and the caption of another group
 */
public record AlignExam(
    int pairs, double recall1, double recall10, double back1, double back10, double auc) {

  /** Recall at ten of who guesses. */
  public double chance10() {
    return Math.min(1, 10.0 / pairs);
  }

  /** Examines encoders on pairs that they were not trained on. */
  public static AlignExam of(Aligner aligner, List<AlignedPair> pairs) {
    return of(
        aligner.embed(pairs.stream().map(AlignedPair::left).toList()),
        aligner.embed(pairs.stream().map(AlignedPair::right).toList()),
        pairs.stream().mapToInt(AlignedPair::group).toArray());
  }

  /** The same by where the sides of the pairs lie. */
  public static AlignExam of(List<float[]> left, List<float[]> right, int[] groups) {
    int n = groups.length;
    double[][] near = new double[n][n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        near[i][j] = Aligner.cosine(left.get(i), right.get(j));
      }
    }
    double[] found = new double[4];
    for (int i = 0; i < n; i++) {
      int there = 0;
      int back = 0;
      for (int j = 0; j < n; j++) {
        if (groups[i] != groups[j]) {
          there += near[i][j] >= near[i][i] ? 1 : 0;
          back += near[j][i] >= near[i][i] ? 1 : 0;
        }
      }
      found[0] += there < 1 ? 1 : 0;
      found[1] += there < 10 ? 1 : 0;
      found[2] += back < 1 ? 1 : 0;
      found[3] += back < 10 ? 1 : 0;
    }
    return new AlignExam(
        n, found[0] / n, found[1] / n, found[2] / n, found[3] / n, auc(near, groups));
  }

  private static double auc(double[][] near, int[] groups) {
    int n = groups.length;
    double[] own = new double[n];
    for (int i = 0; i < n; i++) {
      own[i] = near[i][i];
    }
    Arrays.sort(own);
    double wins = 0;
    long others = 0;
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        if (groups[i] != groups[j]) {
          wins += n - place(own, near[i][j]);
          others++;
        }
      }
    }
    return others == 0 ? Double.NaN : wins / others / n;
  }

  /** How many of the sorted values are less, equal ones as halves. */
  private static double place(double[] sorted, double value) {
    int at = Arrays.binarySearch(sorted, value);
    if (at < 0) {
      return -at - 1;
    }
    int from = at;
    int to = at + 1;
    while (from > 0 && sorted[from - 1] == value) {
      from--;
    }
    while (to < sorted.length && sorted[to] == value) {
      to++;
    }
    return (from + to) / 2.0;
  }
}
