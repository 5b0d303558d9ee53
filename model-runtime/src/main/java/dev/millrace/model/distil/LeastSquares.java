package dev.millrace.model.distil;

import static dev.millrace.model.weights.PrincipalDirections.dot;

/**
 * A matrix that takes features to what they are to give, near a first guess: the least {@code |Y −
 * W F|² + ridge · |W − first|²}, so that it never errs more than the guess does.
 *
 * @param gram F Fᵀ: (features, features)
 * @param cross Y Fᵀ: (outputs, features)
 */
record LeastSquares(double[][] gram, double[][] cross) {

  /** Of the features' mean square. */
  private static final double RIDGE = 0.1;

  /**
   * (outputs, features).
   *
   * @param before is run before each row; what it throws ends it
   */
  double[][] near(double[][] first, Runnable before) {
    double[][] factor = cholesky(before);
    double[][] matrix = new double[first.length][];
    for (int i = 0; i < first.length; i++) {
      before.run();
      double[] row = cross[i].clone();
      for (int j = 0; j < row.length; j++) {
        row[j] -= dot(first[i], gram[j]);
      }
      solve(factor, row);
      for (int j = 0; j < row.length; j++) {
        row[j] += first[i][j];
      }
      matrix[i] = row;
    }
    return matrix;
  }

  /** The lower factor of the Gram matrix with the ridge on its diagonal. */
  private double[][] cholesky(Runnable before) {
    int n = gram.length;
    double trace = 0;
    for (int i = 0; i < n; i++) {
      trace += gram[i][i];
    }
    double ridge = RIDGE * trace / n + Double.MIN_NORMAL;
    double[][] factor = new double[n][n];
    for (int i = 0; i < n; i++) {
      before.run();
      for (int j = 0; j <= i; j++) {
        double rest = gram[i][j] + (i == j ? ridge : 0);
        for (int k = 0; k < j; k++) {
          rest -= factor[i][k] * factor[j][k];
        }
        factor[i][j] = i == j ? Math.sqrt(rest) : rest / factor[j][j];
      }
    }
    return factor;
  }

  private static void solve(double[][] factor, double[] row) {
    int n = row.length;
    for (int i = 0; i < n; i++) {
      for (int k = 0; k < i; k++) {
        row[i] -= factor[i][k] * row[k];
      }
      row[i] /= factor[i][i];
    }
    for (int i = n - 1; i >= 0; i--) {
      row[i] /= factor[i][i];
      for (int k = 0; k < i; k++) {
        row[k] -= factor[i][k] * row[i];
      }
    }
  }
}
