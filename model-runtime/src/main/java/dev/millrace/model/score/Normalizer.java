package dev.millrace.model.score;

import java.text.Normalizer.Form;
import java.util.Locale;

/** Texts that differ in case, spacing or Unicode composition alone are the same text. */
final class Normalizer {

  private Normalizer() {}

  static String normalize(String text) {
    return collapsed(java.text.Normalizer.normalize(text, Form.NFC).toLowerCase(Locale.ROOT));
  }

  /** Each run of white space as one space, none at the ends. */
  private static String collapsed(String text) {
    char[] out = new char[text.length()];
    int length = 0;
    boolean space = false;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isWhitespace(c)) {
        space = length > 0;
        continue;
      }
      if (space) {
        out[length++] = ' ';
        space = false;
      }
      out[length++] = c;
    }
    return new String(out, 0, length);
  }
}
