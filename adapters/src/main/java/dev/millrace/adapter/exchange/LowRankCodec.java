package dev.millrace.adapter.exchange;

import dev.millrace.model.weights.PrincipalDirections;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Each matrix as a product of two thin ones in bf16, by power iteration from a fixed start (Vogels,
 * Karimireddy and Jaggi, PowerSGD, arXiv 1905.13727). A matrix with no more rows or columns than
 * that goes whole.
 *
 * @param rank of the product
 */
record LowRankCodec(int rank) implements Codec {

  private static final int ITERATIONS = 2;

  LowRankCodec {
    if (rank < 1) {
      throw new IllegalArgumentException("rank " + rank + ", expected 1 or more");
    }
  }

  private boolean whole(Shape.Matrix m) {
    return rank * (m.rows() + m.width()) >= m.size();
  }

  private int bytes(Shape shape) {
    return shape.matrices().stream()
        .mapToInt(m -> Short.BYTES * (whole(m) ? m.size() : rank * (m.rows() + m.width())))
        .sum();
  }

  @Override
  public byte[] encode(float[] update, Shape shape) {
    byte[] bytes = new byte[bytes(shape)];
    ByteBuffer into = Wire.over(bytes);
    shape.require(update);
    int at = 0;
    for (Shape.Matrix m : shape.matrices()) {
      if (whole(m)) {
        for (int i = 0; i < m.size(); i++) {
          Wire.putShort(into, update[at + i]);
        }
      } else {
        thin(update, at, m, into);
      }
      at += m.size();
    }
    return bytes;
  }

  private void thin(float[] update, int at, Shape.Matrix m, ByteBuffer bytes) {
    SplittableRandom random = new SplittableRandom(m.size());
    double[][] right = new double[rank][m.width()];
    for (double[] column : right) {
      Arrays.setAll(column, i -> random.nextGaussian());
    }
    double[][] left = new double[rank][m.rows()];
    for (int i = 0; i < ITERATIONS; i++) {
      product(update, at, m, right, left, false);
      PrincipalDirections.orthonormal(left);
      product(update, at, m, left, right, true);
    }
    put(left, bytes);
    put(right, bytes);
  }

  /** {@code out = M·in}, or of the transposed matrix, column by column. */
  private static void product(
      float[] update, int at, Shape.Matrix m, double[][] in, double[][] out, boolean transposed) {
    for (int k = 0; k < in.length; k++) {
      Arrays.fill(out[k], 0);
      for (int r = 0; r < m.rows(); r++) {
        for (int c = 0; c < m.width(); c++) {
          double value = update[at + r * m.width() + c];
          out[k][transposed ? c : r] += value * in[k][transposed ? r : c];
        }
      }
    }
  }

  private static void put(double[][] columns, ByteBuffer bytes) {
    for (double[] column : columns) {
      for (double value : column) {
        Wire.putShort(bytes, (float) value);
      }
    }
  }

  @Override
  public float[] decode(byte[] bytes, Shape shape) {
    ByteBuffer from = Wire.read(bytes, bytes(shape));
    float[] update = new float[shape.size()];
    int at = 0;
    for (Shape.Matrix m : shape.matrices()) {
      if (whole(m)) {
        for (int i = 0; i < m.size(); i++) {
          update[at + i] = Wire.getShort(from);
        }
      } else {
        widen(from, m, update, at);
      }
      at += m.size();
    }
    return Wire.finite(update);
  }

  private void widen(ByteBuffer from, Shape.Matrix m, float[] update, int at) {
    float[][] left = get(from, m.rows());
    float[][] right = get(from, m.width());
    for (int r = 0; r < m.rows(); r++) {
      for (int c = 0; c < m.width(); c++) {
        double sum = 0;
        for (int k = 0; k < rank; k++) {
          sum += (double) left[k][r] * right[k][c];
        }
        update[at + r * m.width() + c] = (float) sum;
      }
    }
  }

  private float[][] get(ByteBuffer from, int length) {
    float[][] columns = new float[rank][length];
    for (float[] column : columns) {
      for (int i = 0; i < length; i++) {
        column[i] = Wire.getShort(from);
      }
    }
    return columns;
  }
}
