package dev.millrace.adapter.quantize;

import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.release.ReleaseStep;

/**
 * Rounds an adapter to int8 × scale, one scale a row, and keeps exactly those numbers as floats.
 *
 * <p>A scale has at most 17 significant bits, so that its product with any int8 is exact in fp32:
 * rounding twice is rounding once, and a reader finds the same int8 again.
 */
public final class Quantizer {
  private static final int LARGEST = 127;
  private static final int LOW_BITS = 0x7F;

  private Quantizer() {}

  /** The adapter as it will be served. */
  public static AdapterWeights quantize(AdapterWeights weights) {
    ReleaseStep step = ReleaseStep.begun(ReleaseStep.Kind.QUANTIZE, "");
    AdapterWeights rounded =
        weights.with(weights.factors().stream().map(f -> rows(f.values(), f.width())).toList());
    step.commit();
    return rounded;
  }

  private static float[] rows(float[] values, int width) {
    float[] rounded = new float[values.length];
    for (int from = 0; from < values.length; from += width) {
      float scale = scale(values, from, width);
      for (int i = from; i < from + width; i++) {
        rounded[i] = scale == 0 ? 0 : Math.round(values[i] / (double) scale) * scale;
      }
    }
    return rounded;
  }

  /**
   * The smallest scale of 17 bits that keeps the row within ±127; NaN if the row has one, 0 if it
   * is too small.
   */
  private static float scale(float[] values, int from, int width) {
    float largest = 0;
    for (int i = from; i < from + width; i++) {
      largest = Math.max(largest, Math.abs(values[i]));
    }
    if (!Float.isFinite(largest)) {
      return Float.NaN;
    }
    int bits = Float.floatToIntBits(largest / LARGEST);
    if (bits < Float.floatToIntBits(Float.MIN_NORMAL)) {
      return 0;
    }
    return Float.intBitsToFloat((bits + LOW_BITS) & ~LOW_BITS);
  }
}
