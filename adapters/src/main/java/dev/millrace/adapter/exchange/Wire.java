package dev.millrace.adapter.exchange;

import dev.millrace.model.weights.HalfFloats;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The bytes of updates: little-endian, and as long as their codec says. */
final class Wire {

  private Wire() {}

  static ByteBuffer over(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Bytes that must be so many. */
  static ByteBuffer read(byte[] bytes, int expected) {
    if (bytes.length != expected) {
      throw new InvalidUpdateException(
          "an update of " + bytes.length + " bytes, expected " + expected);
    }
    return over(bytes);
  }

  /** A scale that is written in bf16: the number that a reader finds, at least the given one. */
  static float scale(double atLeast) {
    short bits = HalfFloats.toBf16((float) atLeast);
    float rounded = HalfFloats.fromBf16(bits);
    return rounded < atLeast ? HalfFloats.fromBf16((short) (bits + 1)) : rounded;
  }

  static void putShort(ByteBuffer into, float value) {
    into.putShort(HalfFloats.toBf16(value));
  }

  static float getShort(ByteBuffer from) {
    return HalfFloats.fromBf16(from.getShort());
  }

  /** An update, if nothing in it overflowed. */
  static float[] finite(float[] update) {
    for (float value : update) {
      if (!Float.isFinite(value)) {
        throw new InvalidUpdateException("an update holds " + value + ", expected finite numbers");
      }
    }
    return update;
  }
}
