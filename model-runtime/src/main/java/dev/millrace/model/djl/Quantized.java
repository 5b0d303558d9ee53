package dev.millrace.model.djl;

/**
 * A matrix in symmetric per-row integers: {@code w[r][c] = q[r][c] · scale[r]}. The integers span
 * ±63, so that products with 8-bit activations cannot saturate the 16-bit sums of processors
 * without VNNI.
 *
 * @param q (rows, columns), whole numbers within ±63
 * @param scale (rows)
 */
record Quantized(Values q, Values scale) {

  private static final float LEVELS = 63;

  static Quantized of(Values matrix) {
    int rows = Math.toIntExact(matrix.shape()[0]);
    int columns = Math.toIntExact(matrix.shape()[1]);
    float[] q = new float[rows * columns];
    float[] scale = new float[rows];
    for (int r = 0; r < rows; r++) {
      float max = 0;
      for (int c = 0; c < columns; c++) {
        max = Math.max(max, Math.abs(matrix.data()[r * columns + c]));
      }
      scale[r] = max == 0 ? 1 : max / LEVELS;
      for (int c = 0; c < columns; c++) {
        q[r * columns + c] = Math.round(matrix.data()[r * columns + c] / scale[r]);
      }
    }
    return new Quantized(new Values(q, rows, columns), new Values(scale, rows));
  }

  /** The fp32 matrix that these integers stand for. */
  Values dequantized() {
    int columns = Math.toIntExact(q.shape()[1]);
    float[] w = new float[q.data().length];
    for (int i = 0; i < w.length; i++) {
      w[i] = q.data()[i] * scale.data()[i / columns];
    }
    return new Values(w, q.shape());
  }
}
