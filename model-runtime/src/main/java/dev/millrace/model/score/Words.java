package dev.millrace.model.score;

import java.util.Arrays;

/** A normalised text as words, each by its hash: what a reference counts. */
final class Words {

  private static final int MOST = 1024;

  private Words() {}

  /**
   * The first words: runs of letters and digits, a Chinese or Japanese character each, and every
   * other sign.
   */
  static int[] of(byte[] text) {
    int[] words = new int[Math.min(MOST, text.length)];
    int count = 0;
    for (int i = 0; i < text.length && count < words.length; ) {
      int end = end(text, i);
      if (text[i] != ' ') {
        words[count++] = hash(text, i, end);
      }
      i = end;
    }
    return Arrays.copyOf(words, count);
  }

  private static int end(byte[] text, int from) {
    if (isIdeograph(text[from])) {
      return Math.min(text.length, from + 3);
    }
    int i = from;
    while (i < text.length && isLetter(text[i]) && !isIdeograph(text[i])) {
      i++;
    }
    return Math.max(i, from + 1);
  }

  /** Every byte of a character beyond ASCII counts as one. */
  private static boolean isLetter(byte b) {
    return b < 0 || (b >= 'a' && b <= 'z') || (b >= '0' && b <= '9');
  }

  /** The first of the three bytes of U+3000 to U+9FFF. */
  private static boolean isIdeograph(byte b) {
    return b >= (byte) 0xE3 && b <= (byte) 0xE9;
  }

  private static int hash(byte[] text, int from, int end) {
    int hash = 0;
    for (int i = from; i < end; i++) {
      hash = 31 * hash + text[i];
    }
    return (int) (TextHash.mix(hash) >>> 32);
  }
}
