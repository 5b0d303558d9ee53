package dev.millrace.adapter.align;

import dev.millrace.model.align.AlignAdapter;
import dev.millrace.model.align.AlignAdapter.Side;
import dev.millrace.model.align.Aligner;
import java.util.List;

/**
 * Symmetric InfoNCE over pairs (Radford et al., CLIP, arXiv 2103.00020) at a fixed temperature. Its
 * gradients are written out; all of it is plain arithmetic of Java and StrictMath, so that bytes do
 * not depend on the machine.
 */
final class Contrast {

  /** One over CLIP's first temperature: places are compared, never sharpened. */
  static final double SCALE = 1 / 0.07;

  private static final int D = Aligner.DIMENSION;

  private final AlignAdapter adapter;
  private final List<PairPlaces> pairs;
  private final float[][] media;
  private final float[][] captions;

  /** The pairs as an adapter sees them. */
  Contrast(AlignAdapter adapter, List<PairPlaces> pairs) {
    this.adapter = adapter;
    this.pairs = pairs;
    media = new float[pairs.size()][];
    captions = new float[pairs.size()][];
    for (int i = 0; i < media.length; i++) {
      media[i] = adapter.place(Side.MEDIA, pairs.get(i).places().media());
      captions[i] = adapter.place(Side.CAPTION, pairs.get(i).places().caption());
    }
  }

  /** Nats of each pair among all: the mean of both ways. */
  double[] losses() {
    int n = media.length;
    double[][] logits = logits();
    double[] losses = new double[n];
    for (int i = 0; i < n; i++) {
      losses[i] = (logSum(logits, i, true) + logSum(logits, i, false)) / 2 - logits[i][i];
    }
    return losses;
  }

  /**
   * The gradient of the mean loss.
   *
   * @param into takes it, in the order of the adapter's values
   * @return the mean loss, nats
   */
  double gradient(double[] into) {
    int n = media.length;
    double[][] logits = logits();
    double[] there = new double[n];
    double[] back = new double[n];
    double loss = 0;
    for (int i = 0; i < n; i++) {
      there[i] = logSum(logits, i, true);
      back[i] = logSum(logits, i, false);
      loss += (there[i] + back[i]) / 2 - logits[i][i];
    }
    double[][] ofMedia = new double[n][D];
    double[][] ofCaptions = new double[n][D];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        if (logits[i][j] > Double.NEGATIVE_INFINITY) {
          double share =
              StrictMath.exp(logits[i][j] - there[i]) + StrictMath.exp(logits[i][j] - back[j]);
          double slope = SCALE * (share / 2 - (i == j ? 1 : 0)) / n;
          add(ofMedia[i], slope, captions[j]);
          add(ofCaptions[j], slope, media[i]);
        }
      }
    }
    for (int i = 0; i < n; i++) {
      back(Side.MEDIA, pairs.get(i).places().media(), ofMedia[i], into);
      back(Side.CAPTION, pairs.get(i).places().caption(), ofCaptions[i], into);
    }
    return loss / n;
  }

  private static void add(double[] sum, double factor, float[] vector) {
    for (int k = 0; k < D; k++) {
      sum[k] += factor * vector[k];
    }
  }

  /** Minus infinity where a pair is not told apart from another. */
  private double[][] logits() {
    int n = media.length;
    double[][] logits = new double[n][n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        boolean same = i != j && pairs.get(i).group() == pairs.get(j).group();
        logits[i][j] =
            same ? Double.NEGATIVE_INFINITY : SCALE * Aligner.cosine(media[i], captions[j]);
      }
    }
    return logits;
  }

  private static double logSum(double[][] logits, int at, boolean row) {
    double most = Double.NEGATIVE_INFINITY;
    for (int k = 0; k < logits.length; k++) {
      most = Math.max(most, row ? logits[at][k] : logits[k][at]);
    }
    double sum = 0;
    for (int k = 0; k < logits.length; k++) {
      sum += StrictMath.exp((row ? logits[at][k] : logits[k][at]) - most);
    }
    return most + StrictMath.log(sum);
  }

  /** From the slope at a place on to the factors and the bias that moved it there. */
  private void back(Side side, float[] place, double[] slope, double[] into) {
    int rank = adapter.rank();
    float[] values = adapter.values();
    float[] moved = adapter.moved(side, place);
    double squares = 0;
    for (float x : moved) {
      squares += (double) x * x;
    }
    double length = Math.sqrt(squares);
    double along = 0;
    for (int i = 0; i < D; i++) {
      along += slope[i] * moved[i] / length;
    }
    float[] inner = adapter.inner(side, place);
    double[] ofInner = new double[rank];
    for (int i = 0; i < D; i++) {
      double d = (slope[i] - along * moved[i] / length) / length;
      into[adapter.bias(side) + i] += d;
      for (int k = 0; k < rank; k++) {
        int up = adapter.up(side) + i * rank + k;
        into[up] += d * inner[k];
        ofInner[k] += d * values[up];
      }
    }
    for (int k = 0; k < rank; k++) {
      for (int i = 0; i < D; i++) {
        into[adapter.down(side) + k * D + i] += ofInner[k] * place[i];
      }
    }
  }
}
