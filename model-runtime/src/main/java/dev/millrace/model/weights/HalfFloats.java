package dev.millrace.model.weights;

/**
 * The short floating point formats: IEEE 754 binary16, bfloat16, and FP8 E4M3 (arXiv 2209.05433).
 */
public final class HalfFloats {
  private HalfFloats() {}

  public static float fromBf16(short bits) {
    return Float.intBitsToFloat(bits << 16);
  }

  /** Rounds to nearest, ties to even; overflow becomes infinite and NaN stays NaN. */
  public static short toBf16(float value) {
    int bits = Float.floatToRawIntBits(value);
    if (Float.isNaN(value)) {
      return (short) ((bits >>> 16) | 0x40);
    }
    return (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
  }

  static float fromF16(short bits) {
    int exponent = (bits >>> 10) & 0x1f;
    int fraction = bits & 0x3ff;
    float magnitude =
        switch (exponent) {
          case 0 -> fraction * 0x1p-24f;
          case 0x1f -> fraction == 0 ? Float.POSITIVE_INFINITY : Float.NaN;
          default -> Float.intBitsToFloat(((exponent + 112) << 23) | (fraction << 13));
        };
    return bits < 0 ? -magnitude : magnitude;
  }

  /** Four bits of exponent, three of fraction; all ones is NaN, there is no infinity. */
  static float fromE4m3(byte bits) {
    int exponent = (bits >>> 3) & 0xf;
    int fraction = bits & 0x7;
    float magnitude =
        exponent == 0xf && fraction == 7
            ? Float.NaN
            : exponent == 0
                ? fraction * 0x1p-9f
                : Float.intBitsToFloat(((exponent + 120) << 23) | (fraction << 20));
    return bits < 0 ? -magnitude : magnitude;
  }
}
