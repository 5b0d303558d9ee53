package dev.millrace.model.distil;

import java.util.Arrays;
import java.util.SplittableRandom;

/** Directions in which rows of numbers differ most. */
final class PrincipalDirections {

  private static final int ITERATIONS = 20;

  private PrincipalDirections() {}

  /** Of a symmetric matrix, the first ones: orthonormal rows. Subspace iteration, fixed start. */
  static double[][] of(double[][] matrix, int count) {
    SplittableRandom random = new SplittableRandom(count);
    double[][] directions = new double[count][matrix.length];
    for (double[] direction : directions) {
      Arrays.setAll(direction, i -> random.nextGaussian());
    }
    for (int i = 0; i < ITERATIONS; i++) {
      for (int k = 0; k < count; k++) {
        double[] before = directions[k];
        directions[k] = Arrays.stream(matrix).mapToDouble(row -> dot(row, before)).toArray();
      }
      orthonormal(directions);
    }
    return directions;
  }

  private static void orthonormal(double[][] rows) {
    for (int k = 0; k < rows.length; k++) {
      for (int before = 0; before < k; before++) {
        double along = dot(rows[k], rows[before]);
        for (int i = 0; i < rows[k].length; i++) {
          rows[k][i] -= along * rows[before][i];
        }
      }
      double norm = Math.sqrt(dot(rows[k], rows[k]));
      for (int i = 0; i < rows[k].length; i++) {
        rows[k][i] = norm == 0 ? 0 : rows[k][i] / norm;
      }
    }
  }

  static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }
}
