package dev.millrace.model.djl;

import dev.millrace.model.program.ProgramSource;
import java.nio.ByteBuffer;

/**
 * Symmetric integers with one scale a row: {@code w[r][c] = q[r][c] · scale[r]}, within ±127. The
 * activations that they meet have seven bits (see {@link ProgramSource}), so that the 16-bit sums
 * of processors without VNNI cannot saturate.
 */
final class RowQuantizer {

  private static final float LEVELS = 127;

  private RowQuantizer() {}

  /** The scale of a row. */
  static float scale(float[] w, int from, int n) {
    float max = 0;
    for (int c = from; c < from + n; c++) {
      max = Math.max(max, Math.abs(w[c]));
    }
    return max == 0 ? 1 : max / LEVELS;
  }

  /** Appends the integers of a row. */
  static void quantize(float[] w, int from, int n, float scale, ByteBuffer into) {
    for (int c = from; c < from + n; c++) {
      into.put((byte) Math.round(w[c] / scale));
    }
  }

  /** Puts the numbers that the integers of a row stand for in its place. */
  static void round(float[] w, int from, int n, float scale) {
    for (int c = from; c < from + n; c++) {
      w[c] = Math.round(w[c] / scale) * scale;
    }
  }
}
