package dev.millrace.job.bench.score;

import dev.millrace.model.align.AlignedPair;
import dev.millrace.model.align.Aligner;
import dev.millrace.model.align.CaptionFit;
import dev.millrace.model.align.Places;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

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
    List<Places> places = places(aligner, pairs);
    int others = Math.min(OTHERS, places.size() / 2);
    return of(places.subList(0, others), places.subList(others, places.size()));
  }

  /** Where the encoders see pairs. */
  static List<Places> places(Aligner aligner, List<AlignedPair> pairs) {
    List<float[]> left = aligner.embed(pairs.stream().map(AlignedPair::left).toList());
    List<float[]> right = aligner.embed(pairs.stream().map(AlignedPair::right).toList());
    return IntStream.range(0, pairs.size())
        .mapToObj(i -> new Places(left.get(i), right.get(i)))
        .toList();
  }

  /** The same beside what a domain remembers. */
  static CaptionFits of(List<Places> others, List<Places> pairs) {
    int n = pairs.size() - 1;
    double[] own = new double[n];
    double[] wrong = new double[n];
    for (int i = 0; i < n; i++) {
      own[i] = CaptionFit.of(pairs.get(i), others);
      Places next = pairs.get(i + 1);
      wrong[i] = CaptionFit.of(new Places(pairs.get(i).media(), next.caption()), others);
    }
    return new CaptionFits(own, wrong);
  }

  double median() {
    double[] sorted = own.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  static double below(double[] fits, double limit) {
    return (double) Arrays.stream(fits).filter(fit -> fit < limit).count() / fits.length;
  }

  /** Share of the pairs below a limit that are wrong; NaN if there are none. */
  double precision(double limit) {
    double found = below(wrong, limit);
    return found / (found + below(own, limit));
  }

  /** Probability that a true pair fits better than a wrong one. */
  double auc() {
    return Chosen.auc(wrong, own);
  }
}
