package dev.millrace.model.score;

import java.util.Arrays;

/**
 * One-permutation MinHash (Li, Owen and Zhang, 2012) over character shingles, with empty bins
 * filled by rotation (Shrivastava and Li, 2014): 64 bins of 8 bits. The share of equal bins
 * estimates the Jaccard similarity of the shingle sets, standard error at most 0.06.
 */
final class MinHash {

  static final int WORDS = 8;

  private static final int BINS = 8 * WORDS;
  private static final int SHINGLE = 9;
  private static final long BASE = 0x100000001B3L;
  private static final long OUT = power(BASE, SHINGLE);
  private static final long EMPTY = -1;

  private MinHash() {}

  static long[] of(String text) {
    return pack(filled(minima(text)));
  }

  /** (bins): the least hash of the shingles that fall into each bin, unsigned 58 bits. */
  private static long[] minima(String text) {
    long[] minima = new long[BINS];
    Arrays.fill(minima, EMPTY);
    long rolling = 0;
    for (int i = 0; i < text.length(); i++) {
      rolling = rolling * BASE + text.charAt(i) + 1;
      if (i >= SHINGLE) {
        rolling -= OUT * (text.charAt(i - SHINGLE) + 1);
      }
      if (i >= SHINGLE - 1 || i == text.length() - 1) {
        long hash = TextHash.mix(rolling);
        int bin = (int) (hash >>> 58);
        long value = hash & (-1L >>> 6);
        if (minima[bin] == EMPTY || value < minima[bin]) {
          minima[bin] = value;
        }
      }
    }
    return minima;
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

  private static long power(long base, int exponent) {
    long product = 1;
    for (int i = 0; i < exponent; i++) {
      product *= base;
    }
    return product;
  }
}
