package dev.millrace.model.pretrain;

import java.util.regex.Pattern;

/**
 * The byte-level alphabet and the word pattern of GPT-2 (Radford et al. 2019, {@code encoder.py}):
 * every byte is one printable character, so a vocabulary is plain text and any bytes round-trip.
 */
final class ByteLevel {

  /** What one word of a text is; a merge never crosses words. */
  static final Pattern WORD =
      Pattern.compile(
          "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
          Pattern.UNICODE_CHARACTER_CLASS);

  private static final char[] CHARACTERS = characters();

  private ByteLevel() {}

  static char character(byte value) {
    return CHARACTERS[value & 0xFF];
  }

  /**
   * Printable Latin-1 stands for itself, the other bytes in turn for the characters from 256 on.
   */
  private static char[] characters() {
    char[] characters = new char[256];
    char next = 256;
    for (int value = 0; value < 256; value++) {
      characters[value] = isPrintable(value) ? (char) value : next++;
    }
    return characters;
  }

  private static boolean isPrintable(int value) {
    return (value >= '!' && value <= '~') || (value >= 0xA1 && value != 0xAD);
  }
}
