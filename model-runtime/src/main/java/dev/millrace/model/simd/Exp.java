package dev.millrace.model.simd;

/**
 * e^x of float, the same bits in registers and without. Products are rounded before they are added:
 * where a processor cannot leave that out, Java's {@code fma} takes a thousand times as long.
 */
public final class Exp {

  private static final boolean IN_REGISTERS = Simd.missing().isEmpty();

  static final float LOG2E = 1.442695f;

  /** Rounds what is added to it to a whole number. */
  static final float TO_WHOLE = 0x1.8p23f;

  // ln 2 in two parts, and Cephes' expf.
  static final float LN2 = 0.6933594f;
  static final float LN2_REST = -2.1219444e-4f;
  static final float C0 = 1.987569e-4f;
  static final float C1 = 1.3982e-3f;
  static final float C2 = 0.008333452f;
  static final float C3 = 0.041665796f;
  static final float C4 = 0.16666666f;
  static final float C5 = 0.5f;

  /** Numbers that are too small to be normal cost a hundred times as much: below this, e^x is 0. */
  static final float LEAST = -60;

  static final float MOST = 88;

  private Exp() {}

  /** e^x within 2 ulp; 0 below -60, e^88 above 88, and NaN of NaN. */
  public static float of(float x) {
    if (x < LEAST) {
      return 0;
    }
    float within = Math.min(x, MOST);
    float rounded = within * LOG2E + TO_WHOLE;
    float n = rounded - TO_WHOLE;
    float r = within - n * LN2 - n * LN2_REST;
    float p = C0 * r + C1;
    p = p * r + C2;
    p = p * r + C3;
    p = p * r + C4;
    p = p * r + C5;
    p = p * (r * r) + r + 1;
    return p * Float.intBitsToFloat((Float.floatToRawIntBits(rounded) + 127) << 23);
  }

  /** e^((x - most) / temperature) of n numbers. */
  public static float[] of(float[] x, int from, int n, float most, float temperature) {
    float[] y = new float[n];
    int i = IN_REGISTERS ? Lanes.exp(x, from, n, most, temperature, y) : 0;
    for (; i < n; i++) {
      y[i] = of((x[from + i] - most) / temperature);
    }
    return y;
  }
}
