package dev.millrace.model.distil;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class EmbeddingHintTest {

  /** Rows that lie in three directions of forty keep their angles in three coordinates. */
  @Test
  void of_rowsOfLowRank_keepsTheirAnglesAndHasTheSizeOfDrawnWeights() {
    SplittableRandom random = new SplittableRandom(1);
    double[][] basis = new double[3][40];
    for (double[] direction : basis) {
      Arrays.setAll(direction, i -> random.nextGaussian());
    }
    double[][] rows = new double[200][40];
    for (double[] row : rows) {
      for (int k = 0; k < 3; k++) {
        double along = random.nextGaussian();
        for (int i = 0; i < row.length; i++) {
          row[i] += along * basis[k][i];
        }
      }
    }
    float[] embedding = EmbeddingHint.of(rows, 3, () -> {});
    double squares = 0;
    for (float value : embedding) {
      squares += (double) value * value;
    }
    assertEquals(0.02, Math.sqrt(squares / embedding.length), 1e-6);
    for (int r = 1; r < rows.length; r++) {
      assertEquals(cosine(rows[0], rows[r]), cosine(row(embedding, 0), row(embedding, r)), 1e-4);
    }
  }

  @Test
  void of_moreWidthThanDirections_leavesTheRestAtZero() {
    float[] embedding = EmbeddingHint.of(new double[][] {{1, 0}, {0, 2}, {1, 1}}, 4, () -> {});
    assertEquals(12, embedding.length);
    for (int r = 0; r < 3; r++) {
      assertEquals(0, embedding[4 * r + 2]);
      assertEquals(0, embedding[4 * r + 3]);
      assertTrue(Math.abs(embedding[4 * r]) + Math.abs(embedding[4 * r + 1]) > 0);
    }
  }

  private static double[] row(float[] embedding, int r) {
    return new double[] {embedding[3 * r], embedding[3 * r + 1], embedding[3 * r + 2]};
  }

  private static double cosine(double[] a, double[] b) {
    double dot = 0;
    double ofA = 0;
    double ofB = 0;
    for (int i = 0; i < a.length; i++) {
      dot += a[i] * b[i];
      ofA += a[i] * a[i];
      ofB += b[i] * b[i];
    }
    return dot / Math.sqrt(ofA * ofB);
  }
}
