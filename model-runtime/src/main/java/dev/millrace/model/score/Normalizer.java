package dev.millrace.model.score;

import java.text.Normalizer.Form;
import java.util.Locale;

/** Texts that differ in case, spacing or Unicode composition alone are the same text. */
final class Normalizer {

  private Normalizer() {}

  static String normalize(String text) {
    String composed = java.text.Normalizer.normalize(text, Form.NFC).toLowerCase(Locale.ROOT);
    StringBuilder out = new StringBuilder(composed.length());
    boolean space = true;
    for (int i = 0; i < composed.length(); i++) {
      char c = composed.charAt(i);
      if (!Character.isWhitespace(c)) {
        out.append(c);
      } else if (!space) {
        out.append(' ');
      }
      space = Character.isWhitespace(c);
    }
    return out.toString().stripTrailing();
  }
}
