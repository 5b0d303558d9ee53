package dev.millrace.model.score;

import java.nio.charset.StandardCharsets;
import java.text.Normalizer.Form;
import java.util.Arrays;
import java.util.Locale;

/**
 * Texts that differ in case, spacing, Unicode composition or characters that nobody sees alone are
 * the same text.
 */
final class Normalizer {

  private static final byte[] ASCII = lowerCase();

  private Normalizer() {}

  /** The normalised text in UTF-8: each run of white space as one space, none at the ends. */
  static byte[] normalize(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return bytes.length == text.length() ? ascii(bytes) : unicode(text);
  }

  /** In place; as many bytes as characters are ASCII, or lone surrogates that became '?'. */
  private static byte[] ascii(byte[] bytes) {
    int length = 0;
    int before = ' ';
    for (byte b : bytes) {
      int c = ASCII[b];
      bytes[length] = (byte) c;
      length += ((c ^ ' ') | (before ^ ' ')) == 0 ? 0 : 1;
      before = c;
    }
    length -= length > 0 && bytes[length - 1] == ' ' ? 1 : 0;
    return Arrays.copyOf(bytes, length);
  }

  private static byte[] lowerCase() {
    byte[] lower = new byte[128];
    for (int c = 0; c < lower.length; c++) {
      lower[c] = (byte) (Character.isWhitespace(c) ? ' ' : Character.toLowerCase(c));
    }
    return lower;
  }

  private static byte[] unicode(String text) {
    String composed = java.text.Normalizer.normalize(text, Form.NFC).toLowerCase(Locale.ROOT);
    char[] out = new char[composed.length()];
    int length = 0;
    boolean space = false;
    int c;
    for (int i = 0; i < composed.length(); i += Character.charCount(c)) {
      c = composed.codePointAt(i);
      if (Character.isWhitespace(c) || Character.isSpaceChar(c)) {
        space = length > 0;
        continue;
      }
      if (Character.getType(c) == Character.FORMAT) {
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
}
