package dev.millrace.model.align;

import java.util.ArrayList;
import java.util.List;

/**
 * How well a caption fits its picture or sound, beside other pairs of its domain. They lie as close
 * as the encoders see them, and as the caption lies to those of pictures like this one (as in
 * Tip-Adapter, Zhang et al., arXiv 2111.03930): a domain's own pairs say what encoders do not know.
 */
public final class CaptionFit {

  /** By which others are weighed, of the cosine with what they are like. */
  private static final double TEMPERATURE = 0.1;

  /** What differs by less lies equally far. */
  private static final double TIE = 1e-6;

  private CaptionFit() {}

  /**
   * The share of others that lie farther: their captions from its picture, their pictures from its
   * caption; ties count as halves.
   *
   * @param others pairs, at least 1
   */
  public static double of(Places pair, List<Places> others) {
    Side media = Side.of(pair.media(), others.stream().map(Places::media).toList());
    Side captions = Side.of(pair.caption(), others.stream().map(Places::caption).toList());
    return (shareFarther(media, captions) + shareFarther(captions, media)) / 2;
  }

  /**
   * Pictures, or their captions.
   *
   * @param own of the pair
   * @param centred all of them from their mean, of length 1; the pair's own comes last
   */
  private record Side(float[] own, List<float[]> others, double[][] centred) {

    static Side of(float[] own, List<float[]> others) {
      List<float[]> all = new ArrayList<>(others);
      all.add(own);
      return new Side(own, others, centred(all));
    }

    private static double[][] centred(List<float[]> places) {
      double[] mean = new double[places.get(0).length];
      places.forEach(place -> add(mean, 1.0 / places.size(), place));
      double[][] centred = new double[places.size()][mean.length];
      for (int i = 0; i < centred.length; i++) {
        add(centred[i], 1, places.get(i));
        for (int k = 0; k < mean.length; k++) {
          centred[i][k] -= mean[k];
        }
        double length = Math.sqrt(dot(centred[i], centred[i]));
        for (int k = 0; k < mean.length; k++) {
          centred[i][k] = length < TIE ? 0 : centred[i][k] / length;
        }
      }
      return centred;
    }

    private static void add(double[] sum, double weight, float[] place) {
      for (int k = 0; k < sum.length; k++) {
        sum[k] += weight * place[k];
      }
    }

    double[] ownCentred() {
      return centred[others.size()];
    }

    /** How like its own each of the others is; all of them 1. */
    double[] likeness() {
      double[] likeness = new double[others.size()];
      double sum = 0;
      for (int i = 0; i < likeness.length; i++) {
        likeness[i] = StrictMath.exp(dot(ownCentred(), centred[i]) / TEMPERATURE);
        sum += likeness[i];
      }
      for (int i = 0; i < likeness.length; i++) {
        likeness[i] /= sum;
      }
      return likeness;
    }

    /** The mean of the others, centred and weighted. */
    double[] mean(double[] weights) {
      double[] mean = new double[own.length];
      for (int i = 0; i < weights.length; i++) {
        for (int k = 0; k < mean.length; k++) {
          mean[k] += weights[i] * centred[i][k];
        }
      }
      return mean;
    }
  }

  private static double shareFarther(Side from, Side to) {
    double[] likeness = from.likeness();
    double[] expected = to.mean(likeness);
    double own = Aligner.cosine(from.own(), to.own()) + dot(expected, to.ownCentred());
    double farther = 0;
    for (int i = 0; i < likeness.length; i++) {
      double other =
          Aligner.cosine(from.own(), to.others().get(i))
              + withoutItself(expected, to.centred()[i], likeness[i]);
      farther += Math.abs(other - own) < TIE ? 0.5 : other < own ? 1 : 0;
    }
    return farther / likeness.length;
  }

  /** A place says nothing of what is expected in its own place. */
  private static double withoutItself(double[] expected, double[] place, double likeness) {
    double rest = 1 - likeness;
    return rest <= 0 ? 0 : (dot(expected, place) - likeness * dot(place, place)) / rest;
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int k = 0; k < a.length; k++) {
      sum += a[k] * b[k];
    }
    return sum;
  }
}
