package dev.millrace.model.align;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * How well a caption fits its picture or sound, beside other pairs of its domain. They lie as close
 * as the encoders see them, and as the caption lies to those of pictures like this one (as in
 * Tip-Adapter, Zhang et al., arXiv 2111.03930): a domain's own pairs say what encoders do not know.
 * What lies close to everything is no closer for it (cross-domain similarity local scaling, Conneau
 * et al., arXiv 1710.04087).
 */
public final class CaptionFit {

  /** By which others are weighed, of the cosine with what they are like. */
  private static final double TEMPERATURE = 0.1;

  /** The nearest by which is told how close a place lies to everything. */
  private static final int NEIGHBOURS = 10;

  /** The last others, whose captions are wrong ones for each other's pictures. */
  private static final int COMPARED = 16;

  /** What differs by less lies equally far. */
  private static final double TIE = 1e-6;

  private CaptionFit() {}

  /**
   * The share that lie farther apart, of the pictures of others with each other's captions; ties
   * count as halves. A half beside one other, which has no wrong caption.
   *
   * @param others pairs, at least 1
   */
  public static double of(Places pair, List<Places> others) {
    if (others.size() == 1) {
      return 0.5;
    }
    List<Places> all = new ArrayList<>(others);
    all.add(pair);
    Side media = Side.of(all.stream().map(Places::media).toList());
    Side captions = Side.of(all.stream().map(Places::caption).toList());
    int own = others.size();
    int first = Math.max(0, own - COMPARED);
    double[][] toCaptions = new double[all.size()][];
    double[][] toMedia = new double[all.size()][];
    for (int i = first; i <= own; i++) {
      toCaptions[i] = media.closeness(i, captions);
      toMedia[i] = captions.closeness(i, media);
    }
    double farther = 0;
    for (int i = first; i < own; i++) {
      for (int j = first; j < own; j++) {
        double beyond = toCaptions[i][j] + toMedia[j][i] - toCaptions[own][own] - toMedia[own][own];
        farther += i == j ? 0 : Math.abs(beyond) < TIE ? 0.5 : beyond < 0 ? 1 : 0;
      }
    }
    return farther / (own - first) / (own - first - 1);
  }

  /**
   * Pictures, or their captions.
   *
   * @param centred the same from their mean, of length 1
   * @param squares of those lengths: 0 where one lies in the mean
   */
  private record Side(Matrix places, Matrix centred, double[] squares) {

    static Side of(List<float[]> places) {
      double[][] rows = new double[places.size()][];
      for (int i = 0; i < rows.length; i++) {
        rows[i] = toDoubles(places.get(i));
      }
      double[][] centred = fromMean(rows);
      double[] squares = Arrays.stream(centred).mapToDouble(CaptionFit::square).toArray();
      return new Side(Matrix.of(rows), Matrix.of(centred), squares);
    }

    /**
     * How close one of these lies to each of the others there, beyond the mean of the nearest that
     * are not its own.
     */
    double[] closeness(int one, Side there) {
      double[] likeness = likeness(one);
      double[] expected = there.centred.times(there.centred.weighted(likeness));
      double[] closeness = there.places.times(places.rows()[one]);
      for (int i = 0; i < closeness.length; i++) {
        // A place says nothing of what is expected in its own place.
        double rest = 1 - likeness[i];
        closeness[i] += rest <= 0 ? 0 : (expected[i] - likeness[i] * there.squares[i]) / rest;
      }
      double nearest = nearest(closeness, one);
      for (int i = 0; i < closeness.length; i++) {
        closeness[i] -= nearest;
      }
      return closeness;
    }

    /** How like one each other is; all of them 1, itself 0. */
    private double[] likeness(int one) {
      double[] likeness = centred.times(centred.rows()[one]);
      double sum = 0;
      for (int i = 0; i < likeness.length; i++) {
        likeness[i] = i == one ? 0 : StrictMath.exp(likeness[i] / TEMPERATURE);
        sum += likeness[i];
      }
      for (int i = 0; i < likeness.length; i++) {
        likeness[i] /= sum;
      }
      return likeness;
    }
  }

  /**
   * Places by row, and by column, since a product with all of them goes faster so.
   *
   * @param columns the same, transposed
   */
  private record Matrix(double[][] rows, double[][] columns) {

    static Matrix of(double[][] rows) {
      double[][] columns = new double[rows[0].length][rows.length];
      for (int i = 0; i < rows.length; i++) {
        for (int k = 0; k < columns.length; k++) {
          columns[k][i] = rows[i][k];
        }
      }
      return new Matrix(rows, columns);
    }

    /** Of each row with a place. */
    double[] times(double[] place) {
      double[] products = new double[rows.length];
      for (int k = 0; k < place.length; k++) {
        add(products, place[k], columns[k]);
      }
      return products;
    }

    double[] weighted(double[] weights) {
      double[] sum = new double[columns.length];
      for (int i = 0; i < weights.length; i++) {
        add(sum, weights[i], rows[i]);
      }
      return sum;
    }
  }

  /** The mean of the greatest but for one's own. */
  private static double nearest(double[] closeness, int own) {
    double[] sorted = closeness.clone();
    sorted[own] = Double.NEGATIVE_INFINITY;
    Arrays.sort(sorted);
    int first = Math.max(1, sorted.length - NEIGHBOURS);
    return Arrays.stream(sorted, first, sorted.length).average().orElseThrow();
  }

  private static double[][] fromMean(double[][] places) {
    double[] mean = new double[places[0].length];
    for (double[] place : places) {
      add(mean, 1.0 / places.length, place);
    }
    double[][] centred = new double[places.length][];
    for (int i = 0; i < places.length; i++) {
      double[] away = places[i].clone();
      add(away, -1, mean);
      double length = Math.sqrt(square(away));
      centred[i] = new double[away.length];
      add(centred[i], length < TIE ? 0 : 1 / length, away);
    }
    return centred;
  }

  private static double square(double[] place) {
    return Arrays.stream(place).map(x -> x * x).sum();
  }

  private static double[] toDoubles(float[] place) {
    double[] doubles = new double[place.length];
    for (int k = 0; k < place.length; k++) {
      doubles[k] = place[k];
    }
    return doubles;
  }

  private static void add(double[] sum, double weight, double[] row) {
    for (int k = 0; k < sum.length; k++) {
      sum[k] += weight * row[k];
    }
  }
}
