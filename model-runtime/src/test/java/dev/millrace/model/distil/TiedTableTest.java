package dev.millrace.model.distil;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.model.weights.PrincipalDirections;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class TiedTableTest {

  private static final int WIDTH = 6;

  /** The embedding writes the last two features, and the head reads the first four. */
  @Test
  void turned_embeddingAndHeadOfFeaturesOfTheirOwn_eachGetsItsOwn() {
    double[][] identity = new double[WIDTH][WIDTH];
    double[][] embedded = new double[WIDTH][WIDTH];
    for (int i = 0; i < WIDTH; i++) {
      identity[i][i] = 1;
      embedded[i][i] = i < 4 ? 0 : 1;
    }
    SplittableRandom random = new SplittableRandom(3);
    double[][] head = new double[20][WIDTH];
    for (double[] row : head) {
      for (int i = 0; i < 4; i++) {
        row[i] = random.nextGaussian();
      }
    }
    double[][] turned =
        TiedTable.turned(identity, embedded, head, List.of(new int[] {1, 2, 3, 1}), () -> {});
    for (int i = 0; i < WIDTH; i++) {
      double own = 0;
      for (int j = 0; j < WIDTH; j++) {
        own += j < 4 ? 0 : turned[i][j] * turned[i][j];
      }
      assertEquals(i < TiedTable.written(WIDTH) ? 1 : 0, own, 1e-6);
    }
  }

  @Test
  void alongNorm_directionsThatANormMixes_itMixesNoTwoAfterFewSweeps() {
    int count = 48;
    SplittableRandom random = new SplittableRandom(5);
    double[][] directions = new double[count][64];
    for (double[] row : directions) {
      Arrays.setAll(row, i -> random.nextGaussian());
    }
    PrincipalDirections.orthonormal(directions);
    float[] norm = new float[64];
    for (int i = 0; i < norm.length; i++) {
      norm[i] = (float) random.nextDouble(-0.5, 2);
    }
    AtomicInteger asked = new AtomicInteger();
    double[][] turned = TiedTable.alongNorm(directions, norm, asked::incrementAndGet);
    for (int p = 0; p < count; p++) {
      for (int q = 0; q <= p; q++) {
        double both = 0;
        for (int i = 0; i < norm.length; i++) {
          both += turned[p][i] * norm[i] * turned[q][i];
        }
        assertEquals(p == q ? TiedTable.gains(turned, norm)[p] : 0, both, 1e-6);
        assertEquals(p == q ? 1 : 0, PrincipalDirections.dot(turned[p], turned[q]), 1e-9);
      }
    }
    assertTrue(asked.get() <= 8 * count, asked.get() + " directions in all sweeps");
  }

  @Test
  void alongNorm_notWantedAnyMore_endsBeforeTheNextDirection() {
    double[][] directions = {{0.6, 0.8}, {0.8, -0.6}};
    AtomicInteger asked = new AtomicInteger();
    Runnable before =
        () -> {
          if (asked.incrementAndGet() == 2) {
            throw new CancellationException("the task ends");
          }
        };
    assertThrows(
        CancellationException.class,
        () -> TiedTable.alongNorm(directions, new float[] {0.5f, 1.5f}, before));
    assertEquals(2, asked.get());
  }

  @Test
  void put_aHead_standsBehindWhatTheEmbeddingWritesAtHalfItsSize() {
    double[][] table = {{3, 1, 0, 0, 0, 0}, {1, 3, 0, 0, 0, 0}};
    double[][] head = {{0.1, 0.1, 0.1, 0.1}, {0.1, -0.1, 0.1, -0.1}};
    double factor = TiedTable.factor(table, head);
    assertEquals(0.5 * Math.sqrt(5) / 0.1, factor, 1e-9);
    TiedTable.put(head, factor, table);
    double half = 0.5 * Math.sqrt(5);
    assertArrayEquals(new double[] {3, 1, half, half, half, half}, table[0], 1e-9);
    assertArrayEquals(new double[] {1, 3, half, -half, half, -half}, table[1], 1e-9);
  }
}
