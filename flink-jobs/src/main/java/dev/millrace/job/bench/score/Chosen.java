package dev.millrace.job.bench.score;

import dev.millrace.job.bench.score.Junk.Label;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.DoubleStream;

/**
 * What a filter said of the texts of a stream.
 *
 * @param cpuSeconds processor time that the choosing took
 */
record Chosen(List<Choice> choices, double cpuSeconds) {

  private static final int RESAMPLES = 1_000;

  /**
   * What a filter said of a text.
   *
   * @param badness the more, the rather it is junk; infinite where a rule refused it
   */
  record Choice(Label label, boolean taken, double badness) {

    boolean isJunk() {
      return label != Label.CLEAN;
    }
  }

  /** Share of what was refused that is junk; NaN if nothing was. */
  double precision() {
    return share(choices.stream().filter(c -> !c.taken()).toList());
  }

  /**
   * Share of the clean texts and those of a kind that were refused that is of the kind; NaN if none
   * was refused.
   */
  double precision(Label label) {
    return share(
        choices.stream().filter(c -> !c.taken() && (!c.isJunk() || c.label() == label)).toList());
  }

  /** Share of all texts that is junk. */
  double junk() {
    return share(choices);
  }

  /** Share of what was taken that is junk. */
  double junkTaken() {
    return share(choices.stream().filter(Choice::taken).toList());
  }

  private static double share(List<Choice> some) {
    return some.isEmpty()
        ? Double.NaN
        : some.stream().filter(Choice::isJunk).count() / (double) some.size();
  }

  /** How many texts are of a kind. */
  int texts(Label label) {
    return badness(label).length;
  }

  /** Share of a kind of text that was refused. */
  double refused(Label label) {
    List<Choice> kind = choices.stream().filter(c -> c.label() == label).toList();
    return kind.stream().filter(c -> !c.taken()).count() / (double) kind.size();
  }

  /** Share of the pairs of a clean text and one of a kind in which the clean one looks better. */
  double auc(Label label) {
    return auc(badness(Label.CLEAN), badness(label));
  }

  /**
   * The 95 % interval of that share, its least and its most: percentile bootstrap over the texts of
   * both (Efron and Tibshirani, 1993). That of a 1 is a point; NaN of a kind without texts.
   */
  double[] aucInterval(Label label, long seed) {
    Random random = new Random(seed);
    double[] clean = badness(Label.CLEAN);
    double[] junk = badness(label);
    if (junk.length == 0) {
      return new double[] {Double.NaN, Double.NaN};
    }
    double[] shares =
        DoubleStream.generate(() -> auc(resampled(clean, random), resampled(junk, random)))
            .limit(RESAMPLES)
            .sorted()
            .toArray();
    return new double[] {shares[RESAMPLES / 40], shares[RESAMPLES - 1 - RESAMPLES / 40]};
  }

  private static double[] resampled(double[] values, Random random) {
    return random.ints(values.length, 0, values.length).mapToDouble(i -> values[i]).toArray();
  }

  /** Share of the pairs of a low and a high value in which the high one is greater. */
  static double auc(double[] low, double[] high) {
    double won = 0;
    for (double less : low) {
      for (double more : high) {
        won += more > less ? 1 : more == less ? 0.5 : 0;
      }
    }
    return won / (low.length * (double) high.length);
  }

  /**
   * The most that the AUC of a kind can be of which no rule refuses any: clean texts that a rule
   * refused rank last.
   */
  double mostAuc() {
    double[] clean = badness(Label.CLEAN);
    return Arrays.stream(clean).filter(Double::isFinite).count() / (double) clean.length;
  }

  private double[] badness(Label label) {
    return choices.stream().filter(c -> c.label() == label).mapToDouble(Choice::badness).toArray();
  }
}
