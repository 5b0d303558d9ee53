package dev.millrace.model.score;

/** A 64-bit hash of a whole text, as a signature of one word. */
final class TextHash {

  static final int WORDS = 1;

  private TextHash() {}

  static long[] of(String text) {
    long hash = text.length();
    for (int i = 0; i < text.length(); i += Long.BYTES / Character.BYTES) {
      hash = mix(hash ^ packed(text, i));
    }
    return new long[] {hash};
  }

  /** Up to four characters as one number. */
  private static long packed(String text, int from) {
    long packed = 0;
    for (int i = from; i < Math.min(from + 4, text.length()); i++) {
      packed = packed << 16 | text.charAt(i);
    }
    return packed;
  }

  /** The finalizer of SplitMix64 (Steele, Lea and Flood, 2014). */
  static long mix(long x) {
    long z = x + 0x9E3779B97F4A7C15L;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
