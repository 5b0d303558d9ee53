package dev.millrace.model.score;

/** A 64-bit hash of a whole text, as a signature of one word. */
final class TextHash {

  static final int WORDS = 1;

  private TextHash() {}

  static long[] of(String text) {
    long hash = text.length();
    for (int i = 0; i < text.length(); i++) {
      hash = mix(hash ^ text.charAt(i));
    }
    return new long[] {hash};
  }

  /** The finalizer of SplitMix64 (Steele, Lea and Flood, 2014). */
  static long mix(long x) {
    long z = x + 0x9E3779B97F4A7C15L;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
