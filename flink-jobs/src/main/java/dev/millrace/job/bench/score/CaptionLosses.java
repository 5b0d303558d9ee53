package dev.millrace.job.bench.score;

import dev.millrace.adapter.batch.Draws;
import dev.millrace.model.align.Aligner;
import dev.millrace.model.align.Captioned;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.Prefix;
import dev.millrace.model.base.Sequence;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/**
 * What the base makes of captions: −log p of their tokens but the first, nats, of each caption.
 *
 * @param tokens of each caption but the first
 * @param alone behind nothing
 * @param own behind their own picture or sound
 * @param others behind that of another caption
 */
record CaptionLosses(int[] tokens, double[] alone, double[] own, double[] others) {

  private static final int RESAMPLES = 2_000;

  static CaptionLosses of(BaseModel base, Aligner aligner, List<Captioned> pairs, long seed) {
    List<Captioned> shuffled =
        new ArrayList<>(pairs.stream().filter(pair -> pair.tokens().length > 1).toList());
    Collections.shuffle(shuffled, new Random(seed));
    List<int[]> captions = shuffled.stream().map(Captioned::tokens).toList();
    List<Prefix> own = aligner.prefixes(shuffled.stream().map(Captioned::media).toList());
    return new CaptionLosses(
        captions.stream().mapToInt(c -> c.length - 1).toArray(),
        losses(base, captions, Collections.nCopies(captions.size(), Prefix.NONE)),
        losses(base, captions, own),
        losses(base, captions, ofOthers(captions, own)));
  }

  /** That of the next pair with another caption. */
  private static List<Prefix> ofOthers(List<int[]> captions, List<Prefix> own) {
    List<Prefix> others = new ArrayList<>();
    int n = captions.size();
    for (int i = 0; i < n; i++) {
      int other = (i + 1) % n;
      while (Arrays.equals(captions.get(i), captions.get(other))) {
        other = (other + 1) % n;
      }
      others.add(own.get(other));
    }
    return others;
  }

  private static double[] losses(BaseModel base, List<int[]> captions, List<Prefix> prefixes) {
    List<Sequence> sequences = new ArrayList<>();
    for (int i = 0; i < captions.size(); i++) {
      sequences.add(new Sequence(captions.get(i), base.noAdapter(), prefixes.get(i)));
    }
    List<float[]> scores = base.score(sequences).stream().map(s -> s.logProbs()).toList();
    double[] losses = new double[scores.size()];
    for (int i = 0; i < losses.length; i++) {
      float[] logProbs = scores.get(i);
      for (int t = logProbs.length - (captions.get(i).length - 1); t < logProbs.length; t++) {
        losses[i] -= logProbs[t];
      }
    }
    return losses;
  }

  /** Mean loss of a token. */
  double mean(double[] losses) {
    return Arrays.stream(losses).sum() / Arrays.stream(tokens).sum();
  }

  /** By how many percent the loss behind their own is less, with a 95 % interval. */
  String less(double[] than) {
    double[] found = new double[RESAMPLES];
    for (int resample = 0; resample < RESAMPLES; resample++) {
      double mine = 0;
      double theirs = 0;
      for (int i = 0; i < own.length; i++) {
        int drawn = Draws.below(own.length, Draws.mix(1, resample), i);
        mine += own[drawn];
        theirs += than[drawn];
      }
      found[resample] = 100 * (1 - mine / theirs);
    }
    Arrays.sort(found);
    double all = 100 * (1 - Arrays.stream(own).sum() / Arrays.stream(than).sum());
    return "%.1f %% [%.1f, %.1f]"
        .formatted(all, found[RESAMPLES / 40], found[RESAMPLES - 1 - RESAMPLES / 40]);
  }
}
