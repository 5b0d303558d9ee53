package dev.millrace.model.distil;

import static dev.millrace.model.distil.Matrices.gram;
import static dev.millrace.model.distil.Matrices.principal;
import static dev.millrace.model.weights.PrincipalDirections.dot;

import dev.millrace.model.weights.Checkpoint;
import java.io.IOException;
import java.nio.file.Path;

/**
 * A student's first embedding: the teacher's embedding and head side by side, along the directions
 * in which they differ most. What the teacher reads and says alike is then alike to the student
 * from its first step on, whatever its width.
 */
final class EmbeddingHint {

  /** Standard deviation of freshly drawn weights. */
  private static final double DEVIATION = 0.02;

  private static final String EMBEDDING = "model.embed_tokens.weight";
  private static final String HEAD = "lm_head.weight";

  private EmbeddingHint() {}

  /**
   * (vocab, width), row-major, from a teacher's checkpoint.
   *
   * @param before is run before each row and product; what it throws ends it
   */
  static float[] of(Path teacher, int width, Runnable before) throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(teacher)) {
      int vocabulary = checkpoint.config().vocabSize();
      float[][] parts =
          checkpoint.config().tieWordEmbeddings()
              ? new float[][] {checkpoint.tensor(EMBEDDING).floats()}
              : new float[][] {
                checkpoint.tensor(EMBEDDING).floats(), checkpoint.tensor(HEAD).floats()
              };
      return of(sideBySide(parts, vocabulary), width, before);
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
  static float[] of(double[][] rows, int width, Runnable before) {
    double[][] directions = principal(gram(rows, before), Math.min(width, rows[0].length), before);
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
}
