package dev.millrace.model.distil;

import dev.millrace.model.weights.Checkpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * A student's first embedding: the teacher's embedding and head side by side, along the directions
 * in which they differ most. What the teacher reads and says alike is then alike to the student
 * from its first step on, whatever its width.
 */
final class EmbeddingHint {

  /** Standard deviation of freshly drawn weights. */
  private static final double DEVIATION = 0.02;

  private static final int ITERATIONS = 20;

  private static final String EMBEDDING = "model.embed_tokens.weight";
  private static final String HEAD = "lm_head.weight";

  private EmbeddingHint() {}

  /** (vocab, width), row-major, from a teacher's checkpoint. */
  static float[] of(Path teacher, int width) throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(teacher)) {
      int vocabulary = checkpoint.config().vocabSize();
      float[][] parts =
          checkpoint.config().tieWordEmbeddings()
              ? new float[][] {checkpoint.tensor(EMBEDDING).floats()}
              : new float[][] {
                checkpoint.tensor(EMBEDDING).floats(), checkpoint.tensor(HEAD).floats()
              };
      return of(sideBySide(parts, vocabulary), width);
    }
  }

  /** (vocab, features): each part scaled to the same size. */
  private static double[][] sideBySide(float[][] parts, int vocabulary) {
    int each = parts[0].length / vocabulary;
    double[][] rows = new double[vocabulary][parts.length * each];
    for (int p = 0; p < parts.length; p++) {
      double squares = 0;
      for (float value : parts[p]) {
        squares += (double) value * value;
      }
      double scale = Math.sqrt(parts[p].length / Math.max(squares, Double.MIN_NORMAL));
      for (int i = 0; i < parts[p].length; i++) {
        rows[i / each][p * each + i % each] = scale * parts[p][i];
      }
    }
    return rows;
  }

  /** Rows in the coordinates of their first principal directions, scaled as drawn weights are. */
  static float[] of(double[][] rows, int width) {
    double[][] directions = principal(covariance(rows), Math.min(width, rows[0].length));
    float[] embedding = new float[rows.length * width];
    double squares = 0;
    for (int r = 0; r < rows.length; r++) {
      for (int k = 0; k < directions.length; k++) {
        double along = dot(rows[r], directions[k]);
        embedding[r * width + k] = (float) along;
        squares += along * along;
      }
    }
    double scale = DEVIATION * Math.sqrt(embedding.length / Math.max(squares, Double.MIN_NORMAL));
    for (int i = 0; i < embedding.length; i++) {
      embedding[i] *= (float) scale;
    }
    return embedding;
  }

  private static double[][] covariance(double[][] rows) {
    int n = rows[0].length;
    double[][] sum = new double[n][n];
    for (double[] row : rows) {
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

  /** Subspace iteration from a fixed start; rows are directions. */
  private static double[][] principal(double[][] matrix, int count) {
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

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }
}
