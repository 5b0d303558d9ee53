package dev.millrace.model.simd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever the registers' width, each loop gives the bits of the same sums one by one. */
class LanesTest {

  private final SplittableRandom random = new SplittableRandom(3);

  private float[] numbers(int n) {
    float[] x = new float[n];
    for (int i = 0; i < n; i++) {
      x[i] = (float) random.nextGaussian();
    }
    return x;
  }

  @Test
  void exp_ofAllThatIsNotTooSmall_isWithinTwoUlp() {
    for (int round = 0; round < 2000; round++) {
      float[] x = new float[Lanes.GROUP];
      for (int i = 0; i < x.length; i++) {
        x[i] = (float) (random.nextDouble() * 148 - 60);
      }
      float[] y = x.clone();
      Lanes.exp(y, 0, 0, y.length);
      for (int i = 0; i < x.length; i++) {
        double expected = Math.exp(x[i]);
        assertEquals(expected, y[i], 2 * Math.ulp((float) expected), "e^" + x[i]);
      }
    }
  }

  @Test
  void exp_ofWhatHasNoNormalResult_isZeroAndOfNaNIsNaN() {
    float[] x = new float[Lanes.GROUP];
    x[0] = -60.1f;
    x[1] = Float.NEGATIVE_INFINITY;
    x[2] = Float.NaN;
    x[3] = 500;
    Lanes.exp(x, 0, 0, x.length);
    assertEquals(0, x[0]);
    assertEquals(0, x[1]);
    assertTrue(Float.isNaN(x[2]));
    assertTrue(Float.isFinite(x[3]) && x[3] > 1e38f);
    assertEquals(1, x[4]);
  }

  @Test
  void exp_ofSomeNumbersAtATemperature_isThatOfEach() {
    float[] x = numbers(1000);
    x[3] = -4e4f;
    x[4] = Float.NaN;
    x[5] = Float.POSITIVE_INFINITY;
    for (float temperature : new float[] {1, 0.7f, 0.01f, 1e-30f}) {
      float[] y = new float[997];
      int whole = Lanes.exp(x, 2, 997, 0.5f, temperature, y);
      assertTrue(whole > 997 - Lanes.GROUP, whole + " in registers");
      for (int i = 0; i < whole; i++) {
        assertEquals(Exp.of((x[2 + i] - 0.5f) / temperature), y[i], "e^" + x[2 + i]);
      }
      assertArrayEquals(
          Arrays.copyOf(y, whole), Arrays.copyOf(Exp.of(x, 2, 997, 0.5f, temperature), whole));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {16, 32, 48, 192})
  void sumAndDot_areOfSixteenPartialSums(int n) {
    float[] x = numbers(n + 3);
    float[] y = numbers(n + 5);
    float[] ones = new float[n + 5];
    Arrays.fill(ones, 1);
    assertEquals(inPairs(x, 3, y, 5, n), Lanes.dot(x, 3, y, 5, n));
    assertEquals(inPairs(x, 3, ones, 5, n), Lanes.sum(x, 3, n));
  }

  private static float inPairs(float[] x, int xAt, float[] y, int yAt, int n) {
    float[] parts = new float[16];
    for (int i = 0; i < n; i++) {
      parts[i % 16] = Math.fma(x[xAt + i], y[yAt + i], parts[i % 16]);
    }
    for (int half = 8; half > 0; half /= 2) {
      for (int i = 0; i < half; i++) {
        parts[i] += parts[i + half];
      }
    }
    return parts[0];
  }

  @ParameterizedTest
  @CsvSource({"64, 16, 1", "64, 16, 4", "128, 33, 7", "192, 96, 10"})
  void times_ofAnyNumberOfRows_isTheSumOfEachInTheOrderOfTheColumns(int out, int in, int rows) {
    byte[] q = new byte[out * in];
    random.nextBytes(q);
    float[] scales = numbers(out);
    float[] x = numbers(rows * in);
    float[] y = new float[rows * out];
    new Int8Matrix(out, in, q, scales).times(x, y, rows);
    for (int r = 0; r < rows; r++) {
      for (int o = 0; o < out; o++) {
        float sum = 0;
        for (int i = 0; i < in; i++) {
          sum = Math.fma(q[o * in + i], x[r * in + i], sum);
        }
        assertEquals(sum * scales[o], y[r * out + o], "row " + r + ", " + o);
      }
    }
  }
}
