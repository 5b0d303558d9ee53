package dev.millrace.model.score;

import dev.millrace.model.text.LowerCase;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer.Form;
import java.util.Arrays;
import java.util.regex.Pattern;

/**
 * Texts that differ in case, spacing, Unicode composition or characters that nobody sees alone are
 * the same text.
 */
final class Normalizer {

  private static final int WIDTH = Long.BYTES;
  private static final long SPACES = 0x2020202020202020L;
  private static final long LINE_ENDS = 0x0A0A0A0A0A0A0A0AL;
  private static final long HIGH_BITS = 0x8080808080808080L;

  /** Added to ASCII, the high bit says that it is not before 'A'. */
  private static final long FROM_A = 0x3F3F3F3F3F3F3F3FL;

  /** Added to ASCII, the high bit says that it is behind 'Z'. */
  private static final long BEHIND_Z = 0x2525252525252525L;

  /** What nobody sees becomes this. */
  private static final char UNSEEN = '\uFFFE';

  /** What depends on the characters around it becomes this, and what would become longer. */
  private static final char HARD = '\uFFFF';

  /** (characters of the BMP): what each becomes, 0 if nobody asked yet; all threads write alike. */
  private static final char[] FOLDED = new char[1 << Character.SIZE];

  /** As many marks in a row as stay together. */
  private static final Pattern PILE = Pattern.compile("\\p{M}{30}");

  private Normalizer() {}

  /** The normalised text in UTF-8: each run of white space as one space, none at the ends. */
  static byte[] normalize(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    int length = fold(bytes);
    return length < 0 ? composed(text) : Arrays.copyOf(bytes, length);
  }

  /**
   * In place, eight bytes at a time where they are plain; gives the length, -1 if one is hard. Lone
   * surrogates have become '?' already.
   */
  private static int fold(byte[] bytes) {
    int length = 0;
    int before = ' ';
    int i = 0;
    while (i < bytes.length) {
      long eight = i + WIDTH <= bytes.length ? spaced(TextHash.eight(bytes, i)) : HIGH_BITS;
      if (isPlain(eight, before)) {
        TextHash.eight(bytes, length, lowerCase(eight));
        i += WIDTH;
        length += WIDTH;
        before = (int) (eight >>> 56);
        continue;
      }
      int width = width(bytes[i] & 0xff);
      char c = width > 3 ? HARD : folded(character(bytes, i, width));
      if (c == HARD) {
        return -1;
      }
      i += width;
      if (c != UNSEEN && (c != ' ' || before != ' ')) {
        length = put(bytes, length, c);
        before = c;
      }
    }
    return length > 0 && before == ' ' ? length - 1 : length;
  }

  /** Line ends of ASCII become spaces. */
  private static long spaced(long eight) {
    return eight ^ (equal(eight, LINE_ENDS) >>> 7) * ('\n' ^ ' ');
  }

  /** The high bits of bytes that are equal, of ASCII. */
  private static long equal(long eight, long other) {
    return (HIGH_BITS - (eight ^ other)) & HIGH_BITS;
  }

  /** Whether these are ASCII without a control character or a second space in a row. */
  private static boolean isPlain(long eight, int before) {
    if ((((eight - SPACES) | eight) & HIGH_BITS) != 0) {
      return false;
    }
    long spaces = equal(eight, SPACES);
    return (spaces & ((spaces << 8) | (before == ' ' ? 0x80 : 0))) == 0;
  }

  private static long lowerCase(long ascii) {
    return ascii | (((ascii + FROM_A) & ~(ascii + BEHIND_Z) & HIGH_BITS) >>> 2);
  }

  /** How many bytes a character has in UTF-8, by its first. */
  private static int width(int first) {
    return first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  }

  private static char character(byte[] bytes, int at, int width) {
    int c = width == 1 ? bytes[at] : bytes[at] & (0xff >> (width + 1));
    for (int i = 1; i < width; i++) {
      c = (c << 6) | (bytes[at + i] & 0x3f);
    }
    return (char) c;
  }

  /** Writes a character in UTF-8; gives the place behind it. */
  private static int put(byte[] bytes, int at, char c) {
    int next = at;
    if (c < 0x80) {
      bytes[next++] = (byte) c;
      return next;
    }
    if (c < 0x800) {
      bytes[next++] = (byte) (0xC0 | (c >> 6));
    } else {
      bytes[next++] = (byte) (0xE0 | (c >> 12));
      bytes[next++] = (byte) (0x80 | ((c >> 6) & 0x3f));
    }
    bytes[next++] = (byte) (0x80 | (c & 0x3f));
    return next;
  }

  private static char folded(char c) {
    char known = FOLDED[c];
    if (known == 0) {
      known = alone(c);
      FOLDED[c] = known;
    }
    return known;
  }

  /** What a character becomes whatever stands around it. */
  private static char alone(char c) {
    char lower = Character.toLowerCase(c);
    if (dependsOnOthers(c) || bytes(lower) > bytes(c)) {
      return HARD;
    }
    return isSpace(lower) ? ' ' : isUnseen(lower) ? UNSEEN : lower;
  }

  /**
   * Marks and the parts of Korean syllables compose, a capital sigma asks whether its word goes on,
   * and a dotted capital I becomes two.
   */
  private static boolean dependsOnOthers(char c) {
    return switch (Character.getType(c)) {
      case Character.NON_SPACING_MARK,
          Character.COMBINING_SPACING_MARK,
          Character.ENCLOSING_MARK,
          Character.SURROGATE ->
          true;
      default ->
          c == '\u03A3'
              || c == '\u0130'
              || (c >= '\u1100' && c <= '\u11FF')
              || c >= UNSEEN
              || !java.text.Normalizer.isNormalized(String.valueOf(c), Form.NFC);
    };
  }

  private static int bytes(char c) {
    return c < 0x80 ? 1 : c < 0x800 ? 2 : 3;
  }

  /** By the definition, of a stream-safe text (UAX #15): piles of marks are sorted by insertion. */
  private static byte[] composed(String text) {
    String safe = PILE.matcher(text).replaceAll("$0\u034F");
    String composed = LowerCase.of(java.text.Normalizer.normalize(safe, Form.NFC));
    char[] out = new char[composed.length()];
    int length = 0;
    boolean space = false;
    int c;
    for (int i = 0; i < composed.length(); i += Character.charCount(c)) {
      c = composed.codePointAt(i);
      if (isSpace(c)) {
        space = length > 0;
        continue;
      }
      if (isUnseen(c)) {
        continue;
      }
      if (space) {
        out[length++] = ' ';
        space = false;
      }
      length += Character.toChars(c, out, length);
    }
    return new String(out, 0, length).getBytes(StandardCharsets.UTF_8);
  }

  private static boolean isSpace(int c) {
    return Character.isWhitespace(c) || Character.isSpaceChar(c);
  }

  private static boolean isUnseen(int c) {
    return Character.getType(c) == Character.FORMAT;
  }
}
