package dev.millrace.model.simd;

import jdk.incubator.vector.FloatVector;

/**
 * A matrix of integers with a scale a row, and its product with rows of fp32: {@code y[o] =
 * scale[o] · Σ x[i] · q[o][i]}, added up in the order of i.
 */
public final class Int8Matrix {

  /** What the rows must be a multiple of, on any processor. */
  static final int WHOLE = 4 * Lanes.GROUP;

  /** Rows whose integers of one column lie together. */
  private static final int BLOCK = 4 * Lanes.WIDTH;

  private final int rows;
  private final int columns;
  private final float[] scales;

  /** (rows / BLOCK, columns, BLOCK). */
  private final byte[] q;

  /**
   * @param q (rows, columns), row-major
   * @param scales one a row
   */
  public Int8Matrix(int rows, int columns, byte[] q, float[] scales) {
    this.rows = rows;
    this.columns = columns;
    this.scales = scales;
    this.q = new byte[rows * columns];
    for (int o = 0; o < rows; o++) {
      int at = o / BLOCK * BLOCK * columns + o % BLOCK;
      for (int i = 0; i < columns; i++) {
        this.q[at + i * BLOCK] = q[o * columns + i];
      }
    }
  }

  int columns() {
    return columns;
  }

  /** Products of n rows that lie end to end. */
  void times(float[] x, float[] y, int n) {
    int r = 0;
    for (; r + 4 <= n; r += 4) {
      for (int o = 0; o < rows; o += BLOCK) {
        four(o, 0, x, r * columns, y, r * rows);
        four(o, 2, x, r * columns, y, r * rows);
      }
    }
    for (; r < n; r++) {
      for (int o = 0; o < rows; o += BLOCK) {
        one(o, x, r * columns, y, r * rows);
      }
    }
  }

  private void one(int o, float[] x, int xAt, float[] y, int yAt) {
    FloatVector a = FloatVector.zero(Lanes.F);
    FloatVector b = a;
    FloatVector c = a;
    FloatVector d = a;
    int at = o * columns;
    for (int i = 0; i < columns; i++, at += BLOCK) {
      FloatVector xi = Lanes.all(x[xAt + i]);
      a = Lanes.widened(q, at).fma(xi, a);
      b = Lanes.widened(q, at + Lanes.WIDTH).fma(xi, b);
      c = Lanes.widened(q, at + 2 * Lanes.WIDTH).fma(xi, c);
      d = Lanes.widened(q, at + 3 * Lanes.WIDTH).fma(xi, d);
    }
    put(a, o, y, yAt);
    put(b, o + Lanes.WIDTH, y, yAt);
    put(c, o + 2 * Lanes.WIDTH, y, yAt);
    put(d, o + 3 * Lanes.WIDTH, y, yAt);
  }

  /** Two registers of four rows: integers are widened once for all. */
  private void four(int block, int register, float[] x, int x0, float[] y, int yAt) {
    FloatVector a0 = FloatVector.zero(Lanes.F);
    FloatVector a1 = a0;
    FloatVector b0 = a0;
    FloatVector b1 = a0;
    FloatVector c0 = a0;
    FloatVector c1 = a0;
    FloatVector d0 = a0;
    FloatVector d1 = a0;
    int x1 = x0 + columns;
    int x2 = x1 + columns;
    int x3 = x2 + columns;
    int at = block * columns + register * Lanes.WIDTH;
    for (int i = 0; i < columns; i++, at += BLOCK) {
      FloatVector w0 = Lanes.widened(q, at);
      FloatVector w1 = Lanes.widened(q, at + Lanes.WIDTH);
      FloatVector xi = Lanes.all(x[x0 + i]);
      a0 = w0.fma(xi, a0);
      a1 = w1.fma(xi, a1);
      xi = Lanes.all(x[x1 + i]);
      b0 = w0.fma(xi, b0);
      b1 = w1.fma(xi, b1);
      xi = Lanes.all(x[x2 + i]);
      c0 = w0.fma(xi, c0);
      c1 = w1.fma(xi, c1);
      xi = Lanes.all(x[x3 + i]);
      d0 = w0.fma(xi, d0);
      d1 = w1.fma(xi, d1);
    }
    int o = block + register * Lanes.WIDTH;
    put(a0, o, y, yAt);
    put(a1, o + Lanes.WIDTH, y, yAt);
    put(b0, o, y, yAt + rows);
    put(b1, o + Lanes.WIDTH, y, yAt + rows);
    put(c0, o, y, yAt + 2 * rows);
    put(c1, o + Lanes.WIDTH, y, yAt + 2 * rows);
    put(d0, o, y, yAt + 3 * rows);
    put(d1, o + Lanes.WIDTH, y, yAt + 3 * rows);
  }

  private void put(FloatVector sum, int o, float[] y, int yAt) {
    sum.mul(Lanes.load(scales, o)).intoArray(y, yAt + o);
  }
}
