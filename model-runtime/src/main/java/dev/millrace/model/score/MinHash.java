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
    return pack(minima(text.length < SHINGLE ? Arrays.copyOf(text, SHINGLE) : text));
  }

  /** The same of the set of words, given by their hashes. */
  static long[] ofWords(int[] words) {
    long[] minima = new long[BINS];
    Arrays.fill(minima, EMPTY);
    for (int word : words) {
      add(minima, TextHash.mix(word));
    }
    return pack(minima);
  }

  /** (bins): the least of the hashes that begin with a bin's six bits. */
  private static long[] minima(byte[] text) {
    long[] minima = new long[BINS];
    Arrays.fill(minima, EMPTY);
    int shingles = text.length - SHINGLE + 1;
    int i = 0;
    // Four at a time: of the JVM's own eight some do not fit into registers.
    for (; i < shingles - 3; i += 4) {
      long first = hash(text, i);
      long second = hash(text, i + 1);
      long third = hash(text, i + 2);
      long fourth = hash(text, i + 3);
      add(minima, first);
      add(minima, second);
      add(minima, third);
      add(minima, fourth);
    }
    for (; i < shingles; i++) {
      add(minima, hash(text, i));
    }
    return minima;
  }

  private static void add(long[] minima, long hash) {
    int bin = (int) (hash >>> 58);
    minima[bin] = Math.min(minima[bin], hash);
  }

  /** The upper half of a product depends on every bit; it is folded into the lower half. */
  private static long hash(byte[] text, int at) {
    long product = TextHash.eight(text, at) * 0xBF58476D1CE4E5B9L;
    return ((product ^ (product >>> 32)) + text[at + SHINGLE - 1]) * 0x94D049BB133111EBL;
  }

  /** Eight bits of each bin. */
  private static long[] pack(long[] minima) {
    long[] signature = new long[WORDS];
    for (int word = 0; word < WORDS; word++) {
      long packed = 0;
      for (int i = 0; i < 8; i++) {
        int bin = 8 * word + i;
        long value = minima[bin] == EMPTY ? borrowed(minima, bin) : minima[bin];
        packed |= (value & 0xff) << (8 * i);
      }
      signature[word] = packed;
    }
    return signature;
  }

  /** What an empty bin has of the next that is not. */
  private static long borrowed(long[] minima, int bin) {
    int distance = 1;
    while (distance < BINS && minima[(bin + distance) % BINS] == EMPTY) {
      distance++;
    }
    return TextHash.mix(minima[(bin + distance) % BINS] + distance);
  }
}
