package dev.millrace.model.gguf;

/** IEEE 754 binary16, which Java 17 does not know. */
final class Binary16 {

  private static final float SMALLEST_NORMAL = 0x1p-14f;
  private static final float OVERFLOW = 65520f;

  private Binary16() {}

  /** Rounds to nearest, ties to even; what is too large becomes infinite. */
  static short of(float value) {
    int sign = (Float.floatToRawIntBits(value) >>> 16) & 0x8000;
    float magnitude = Math.abs(value);
    if (magnitude >= OVERFLOW) {
      return (short) (sign | 0x7c00);
    }
    if (magnitude < SMALLEST_NORMAL) {
      return (short) (sign | (int) Math.rint(magnitude * 0x1p24));
    }
    int bits = Float.floatToRawIntBits(magnitude);
    int rounded = bits + 0xfff + ((bits >>> 13) & 1);
    return (short) (sign | ((rounded - (112 << 23)) >>> 13));
  }
}
