package dev.millrace.model.distil;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.model.weights.PrincipalDirections;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class LeastSquaresTest {

  private static final int TOKENS = 60;
  private final SplittableRandom random = new SplittableRandom(5);

  private double[][] drawn(int rows, int columns) {
    double[][] drawn = new double[rows][columns];
    for (double[] row : drawn) {
      for (int i = 0; i < columns; i++) {
        row[i] = random.nextGaussian();
      }
    }
    return drawn;
  }

  /** A Bᵀ. */
  private static double[][] times(double[][] a, double[][] b) {
    double[][] product = new double[a.length][b.length];
    for (int i = 0; i < a.length; i++) {
      for (int j = 0; j < b.length; j++) {
        product[i][j] = PrincipalDirections.dot(a[i], b[j]);
      }
    }
    return product;
  }

  private static double[][] transposed(double[][] a) {
    double[][] t = new double[a[0].length][a.length];
    for (int i = 0; i < a.length; i++) {
      for (int j = 0; j < t.length; j++) {
        t[j][i] = a[i][j];
      }
    }
    return t;
  }

  private static double error(double[][] matrix, double[][] features, double[][] outputs) {
    double[][] given = times(matrix, transposed(features));
    double sum = 0;
    for (int i = 0; i < given.length; i++) {
      for (int j = 0; j < TOKENS; j++) {
        sum += Math.pow(given[i][j] - outputs[i][j], 2);
      }
    }
    return sum;
  }

  @Test
  void near_anyGuess_neverErrsMoreThanTheGuess() {
    for (int round = 0; round < 20; round++) {
      double[][] features = drawn(8, TOKENS);
      double[][] outputs = drawn(3, TOKENS);
      double[][] first = drawn(3, 8);
      double[][] found =
          new LeastSquares(times(features, features), times(outputs, features))
              .near(first, () -> {});
      double before = error(first, features, outputs);
      double after = error(found, features, outputs);
      assertTrue(after < before, after + " and " + before);
    }
  }

  @Test
  void near_theTrueMatrix_isIt() {
    double[][] features = drawn(6, TOKENS);
    double[][] matrix = drawn(4, 6);
    double[][] outputs = times(matrix, transposed(features));
    double[][] found =
        new LeastSquares(times(features, features), times(outputs, features))
            .near(matrix, () -> {});
    for (int i = 0; i < found.length; i++) {
      assertArrayEquals(matrix[i], found[i], 1e-12);
    }
  }

  /** A neuron that never speaks keeps what it would say. */
  @Test
  void near_featuresThatAreZero_stayAsGuessed() {
    double[][] features = drawn(3, TOKENS);
    features[1] = new double[TOKENS];
    double[][] outputs = drawn(2, TOKENS);
    double[][] first = {{1, 2, 3}, {4, 5, 6}};
    double[][] found =
        new LeastSquares(times(features, features), times(outputs, features)).near(first, () -> {});
    assertEquals(2, found[0][1]);
    assertEquals(5, found[1][1]);
    assertArrayEquals(
        first[0], new LeastSquares(new double[3][3], new double[2][3]).near(first, () -> {})[0]);
  }

  @Test
  void near_whoMayEndIt_isAskedBeforeEachRow() {
    LeastSquares fit = new LeastSquares(new double[5][5], new double[7][5]);
    AtomicInteger rows = new AtomicInteger();
    fit.near(new double[7][5], rows::incrementAndGet);
    assertEquals(5 + 7, rows.get(), "of the factor, and of the matrix");
  }
}
