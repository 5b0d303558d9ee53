package dev.millrace.model.distil;

import static dev.millrace.model.weights.PrincipalDirections.dot;

import dev.millrace.model.weights.PrincipalDirections;
import java.util.Arrays;
import java.util.List;

/** Small dense matrices: arrays of rows. */
final class Matrices {

  private Matrices() {}

  /** Row-major. */
  static float[] flat(double[][] rows) {
    int columns = rows[0].length;
    float[] flat = new float[rows.length * columns];
    for (int i = 0; i < flat.length; i++) {
      flat[i] = (float) rows[i / columns][i % columns];
    }
    return flat;
  }

  /** Multiplies columns, in place. */
  static double[][] scaled(double[][] rows, float[] columns) {
    for (double[] row : rows) {
      for (int i = 0; i < row.length; i++) {
        row[i] *= columns[i];
      }
    }
    return rows;
  }

  /** Matrix times vector. */
  static double[] times(double[][] matrix, double[] vector) {
    return Arrays.stream(matrix).mapToDouble(row -> dot(row, vector)).toArray();
  }

  /** {@link PrincipalDirections} that can be ended: {@code before} is run before each product. */
  static double[][] principal(double[][] matrix, int count, Runnable before) {
    return PrincipalDirections.of(
        vector -> {
          before.run();
          return times(matrix, vector);
        },
        matrix.length,
        count);
  }

  /** Of matrices of one shape. */
  static double[][] sum(List<double[][]> matrices) {
    double[][] sum = new double[matrices.get(0).length][matrices.get(0).length];
    for (double[][] matrix : matrices) {
      for (int i = 0; i < sum.length; i++) {
        for (int j = 0; j < sum.length; j++) {
          sum[i][j] += matrix[i][j];
        }
      }
    }
    return sum;
  }

  /**
   * What rows' columns have in common: Rᵀ R.
   *
   * @param before is run before each row; what it throws ends it
   */
  static double[][] gram(double[][] rows, Runnable before) {
    int n = rows[0].length;
    double[][] sum = new double[n][n];
    for (double[] row : rows) {
      before.run();
      for (int i = 0; i < n; i++) {
        for (int j = 0; j <= i; j++) {
          sum[i][j] += row[i] * row[j];
        }
      }
    }
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < i; j++) {
        sum[j][i] = sum[i][j];
      }
    }
    return sum;
  }

  /** Copies of some rows. */
  static double[][] some(double[][] rows, int[] which) {
    return Arrays.stream(which).mapToObj(i -> rows[i].clone()).toArray(double[][]::new);
  }

  /** Some columns. */
  static double[][] columns(double[][] rows, int[] which) {
    return Arrays.stream(rows)
        .map(row -> Arrays.stream(which).mapToDouble(j -> row[j]).toArray())
        .toArray(double[][]::new);
  }

  /** Rows as columns. */
  static double[][] transposed(double[][] rows) {
    double[][] columns = new double[rows[0].length][rows.length];
    for (int i = 0; i < rows.length; i++) {
      for (int j = 0; j < columns.length; j++) {
        columns[j][i] = rows[i][j];
      }
    }
    return columns;
  }
}
