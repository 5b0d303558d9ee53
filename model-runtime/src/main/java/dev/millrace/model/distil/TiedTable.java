package dev.millrace.model.distil;

import static dev.millrace.model.distil.Matrices.gram;
import static dev.millrace.model.distil.Matrices.principal;
import static dev.millrace.model.distil.Matrices.times;
import static dev.millrace.model.weights.PrincipalDirections.dot;

import java.util.Arrays;
import java.util.List;

/**
 * How one table is embedding and head of a student whose teacher has two. The first features of the
 * student's stream are written by the embedding, the others are read by the head, and the last norm
 * hides the first, so each begins with what is its own; training may share all of it.
 */
final class TiedTable {

  /** One feature of so many is the embedding's: the head needs more. */
  private static final int PART = 3;

  /** The head's entries to the embedding's: the stream begins with both. */
  private static final double SIZE = 0.5;

  /** Of a matrix whose eigenvalues lie close. */
  private static final int SQUARINGS = 3;

  /** Of rotations of each pair at most: they converge quadratically. */
  private static final int SWEEPS = 12;

  /** What a norm's weights, of root mean square 1, may leave mixed of two directions. */
  private static final double MIXED = 1e-9;

  private TiedTable() {}

  /** How many features the embedding writes. */
  static int written(int width) {
    return width / PART;
  }

  /**
   * Turns directions so that the first hold most of what the embedding writes, and least of what
   * the head reads.
   *
   * @param directions orthonormal
   * @param embedded Gram matrix of the stream where it begins
   * @param head (vocab, width of the teacher), times the last norm's weights
   * @param texts that say how often a token is to be told from others
   * @param before is run before each part; what it throws ends it
   */
  static double[][] turned(
      double[][] directions,
      double[][] embedded,
      double[][] head,
      List<int[]> texts,
      Runnable before) {
    double[][] writes = ofTraceOne(within(directions, embedded));
    double[][] reads = ofTraceOne(within(directions, gram(weighted(head, texts), before)));
    double[] most = principal(reads, 1, before)[0];
    double shift = 2 * dot(most, times(reads, most)); // so that none comes near zero
    double[][] more = new double[writes.length][writes.length];
    for (int i = 0; i < more.length; i++) {
      for (int j = 0; j < more.length; j++) {
        more[i][j] = writes[i][j] - reads[i][j] + (i == j ? shift : 0);
      }
    }
    for (int i = 0; i < SQUARINGS; i++) {
      before.run();
      more = ofTraceOne(product(more, more));
    }
    return product(principal(more, more.length, before), directions);
  }

  /**
   * Turns directions so that a norm's weights mix no two of them (Jacobi's rotations): where a
   * teacher has one table, no matrix takes over the weights of its last norm, but the student's
   * does, which has one for each direction.
   *
   * @param directions orthonormal
   * @param norm of root mean square 1
   * @param before is run before each direction of a sweep; what it throws ends it
   */
  static double[][] alongNorm(double[][] directions, float[] norm, Runnable before) {
    double[][] turned = Arrays.stream(directions).map(double[]::clone).toArray(double[][]::new);
    boolean mixed = true;
    for (int sweep = 0; mixed && sweep < SWEEPS; sweep++) {
      mixed = sweep(turned, norm, before);
    }
    return turned;
  }

  /** Whether any two were mixed. */
  private static boolean sweep(double[][] turned, float[] norm, Runnable before) {
    double[] own = Arrays.stream(turned).mapToDouble(d -> weighed(d, norm, d)).toArray();
    boolean mixed = false;
    for (int p = 0; p < turned.length; p++) {
      before.run();
      for (int q = p + 1; q < turned.length; q++) {
        double both = weighed(turned[p], norm, turned[q]);
        if (Math.abs(both) > MIXED) {
          double angle = Math.atan(2 * both / (own[q] - own[p])) / 2;
          rotate(turned[p], turned[q], angle);
          own[p] -= Math.tan(angle) * both;
          own[q] += Math.tan(angle) * both;
          mixed = true;
        }
      }
    }
    return mixed;
  }

  private static void rotate(double[] a, double[] b, double angle) {
    double cos = Math.cos(angle);
    double sin = Math.sin(angle);
    for (int i = 0; i < a.length; i++) {
      double one = a[i];
      a[i] = cos * one - sin * b[i];
      b[i] = sin * one + cos * b[i];
    }
  }

  /** What a norm's weights come to along each direction. */
  static float[] gains(double[][] directions, float[] norm) {
    float[] gains = new float[directions.length];
    for (int i = 0; i < gains.length; i++) {
      gains[i] = (float) weighed(directions[i], norm, directions[i]);
    }
    return gains;
  }

  private static double weighed(double[] a, float[] norm, double[] b) {
    double sum = 0;
    for (int i = 0; i < norm.length; i++) {
      sum += a[i] * norm[i] * b[i];
    }
    return sum;
  }

  /** How rows differ from their mean, by how often their tokens come, and once more. */
  private static double[][] weighted(double[][] rows, List<int[]> texts) {
    double[] counts = new double[rows.length];
    Arrays.fill(counts, 1);
    texts.forEach(text -> Arrays.stream(text).forEach(token -> counts[token]++));
    double all = Arrays.stream(counts).sum();
    double[] mean = times(Matrices.transposed(rows), counts);
    double[][] weighted = new double[rows.length][rows[0].length];
    for (int r = 0; r < rows.length; r++) {
      double[] row = rows[r];
      double weight = Math.sqrt(counts[r]);
      Arrays.setAll(weighted[r], i -> weight * (row[i] - mean[i] / all));
    }
    return weighted;
  }

  /** What the head's entries are multiplied by, beside those of the embedding. */
  static double factor(double[][] table, double[][] head) {
    double embedding = 0;
    for (double[] row : table) {
      double[] first = Arrays.copyOf(row, written(row.length));
      embedding += dot(first, first) / first.length;
    }
    double squares = Arrays.stream(head).mapToDouble(row -> dot(row, row) / row.length).sum();
    return SIZE * Math.sqrt(embedding / squares);
  }

  /** Puts a head into a table, behind what the embedding writes. */
  static void put(double[][] head, double factor, double[][] table) {
    for (int r = 0; r < table.length; r++) {
      int first = table[r].length - head[r].length;
      for (int i = 0; i < head[r].length; i++) {
        table[r][first + i] = factor * head[r][i];
      }
    }
  }

  private static double[][] within(double[][] directions, double[][] matrix) {
    return Arrays.stream(directions)
        .map(direction -> times(directions, times(matrix, direction)))
        .toArray(double[][]::new);
  }

  private static double[][] ofTraceOne(double[][] matrix) {
    double trace = 0;
    for (int i = 0; i < matrix.length; i++) {
      trace += matrix[i][i];
    }
    for (double[] row : matrix) {
      for (int i = 0; i < row.length; i++) {
        row[i] /= trace;
      }
    }
    return matrix;
  }

  private static double[][] product(double[][] left, double[][] right) {
    double[][] columns = Matrices.transposed(right);
    return Arrays.stream(left).map(row -> times(columns, row)).toArray(double[][]::new);
  }
}
