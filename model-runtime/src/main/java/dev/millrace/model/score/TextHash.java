package dev.millrace.model.score;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** 64-bit hashes. */
final class TextHash {

  static final int WORDS = 1;

  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private TextHash() {}

  /** Of a whole text, as a signature of one word. */
  static long[] of(byte[] text) {
    long hash = text.length;
    int i = 0;
    for (; i + Long.BYTES <= text.length; i += Long.BYTES) {
      hash = mix(hash ^ eight(text, i));
    }
    long rest = 0;
    for (; i < text.length; i++) {
      rest = rest << 8 | (text[i] & 0xff);
    }
    return new long[] {mix(hash ^ rest)};
  }

  /** Eight bytes from a place on, little endian. */
  static long eight(byte[] text, int from) {
    return (long) LONG.get(text, from);
  }

  /** Writes eight bytes from a place on, little endian. */
  static void eight(byte[] text, int from, long bytes) {
    LONG.set(text, from, bytes);
  }

  /** The finalizer of SplitMix64 (Steele, Lea and Flood, 2014). */
  static long mix(long x) {
    long z = x + 0x9E3779B97F4A7C15L;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
