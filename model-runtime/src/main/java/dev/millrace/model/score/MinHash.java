package dev.millrace.model.score;

import java.util.Arrays;

/**
 * One-permutation MinHash (Li, Owen and Zhang, 2012) over shingles of nine bytes, with empty bins
 * filled by rotation (Shrivastava and Li, 2014): 64 bins of 8 bits. The share of equal bins
 * estimates the Jaccard similarity of the shingle sets, standard error at most 0.06.
 */
final class MinHash {

  static final int WORDS = 8;

  private static final int BINS = 8 * WORDS;
  private static final int SHINGLE = 9;

  private static final long EMPTY = Long.MAX_VALUE;

  private MinHash() {}

  static long[] of(byte[] text) {
    return pack(filled(minima(text.length < SHINGLE ? Arrays.copyOf(text, SHINGLE) : text)));
  }

  /** The same of the set of words, given by their hashes. */
  static long[] ofWords(int[] words) {
    long[] minima = new long[BINS];
    Arrays.fill(minima, EMPTY);
    for (int word : words) {
      long hash = TextHash.mix(word);
      int bin = (int) (hash >>> 58);
      minima[bin] = Math.min(minima[bin], hash);
    }
    return pack(filled(minima));
  }

  /** (bins): the least of the hashes that begin with a bin's six bits. */
  private static long[] minima(byte[] text) {
    long[] minima = new long[BINS];
    Arrays.fill(minima, EMPTY);
    for (int i = 0; i + SHINGLE <= text.length; i++) {
      long hash = hash(TextHash.eight(text, i), text[i + SHINGLE - 1]);
      int bin = (int) (hash >>> 58);
      minima[bin] = Math.min(minima[bin], hash);
    }
    return minima;
  }

  /** The upper half of a product depends on every bit; it is folded into the lower half. */
  private static long hash(long eight, byte ninth) {
    long product = eight * 0xBF58476D1CE4E5B9L;
    return ((product ^ (product >>> 32)) + ninth) * 0x94D049BB133111EBL;
  }

  private static long[] filled(long[] minima) {
    long[] filled = minima.clone();
    for (int bin = 0; bin < BINS; bin++) {
      int distance = 0;
      while (distance < BINS && minima[(bin + distance) % BINS] == EMPTY) {
        distance++;
      }
      if (distance > 0) {
        filled[bin] = TextHash.mix(minima[(bin + distance) % BINS] + distance);
      }
    }
    return filled;
  }

  private static long[] pack(long[] minima) {
    long[] signature = new long[WORDS];
    for (int bin = 0; bin < BINS; bin++) {
      signature[bin / 8] |= (minima[bin] & 0xff) << (8 * (bin % 8));
    }
    return signature;
  }
}
