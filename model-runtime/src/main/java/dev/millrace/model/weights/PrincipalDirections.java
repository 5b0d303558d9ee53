package dev.millrace.model.weights;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;

/** Directions in which rows of numbers differ most. */
public final class PrincipalDirections {

  private static final int ITERATIONS = 20;
  private static final double TINY = 1e-30;

  private PrincipalDirections() {}

  /**
   * Of a symmetric matrix, which need not be written down, the first ones: orthonormal rows.
   * Subspace iteration, fixed start.
   *
   * @param times the product of the matrix and a vector
   * @param size of the vector
   */
  public static double[][] of(UnaryOperator<double[]> times, int size, int count) {
    SplittableRandom random = new SplittableRandom(count);
    double[][] directions = new double[count][size];
    for (double[] direction : directions) {
      Arrays.setAll(direction, i -> random.nextGaussian());
    }
    for (int i = 0; i < ITERATIONS; i++) {
      Arrays.setAll(directions, k -> times.apply(directions[k]));
      orthonormal(directions);
    }
    return directions;
  }

  /** Gram-Schmidt, in place; a row that the ones before it span becomes zero. */
  public static void orthonormal(double[][] rows) {
    for (int k = 0; k < rows.length; k++) {
      for (int before = 0; before < k; before++) {
        double along = dot(rows[k], rows[before]);
        for (int i = 0; i < rows[k].length; i++) {
          rows[k][i] -= along * rows[before][i];
        }
      }
      double norm = Math.sqrt(dot(rows[k], rows[k]));
      for (int i = 0; i < rows[k].length; i++) {
        rows[k][i] = norm < TINY ? 0 : rows[k][i] / norm;
      }
    }
  }

  public static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }
}
