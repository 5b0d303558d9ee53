package dev.millrace.model.score;

import dev.millrace.schema.Origin;
import dev.millrace.schema.Sample;
import java.util.Random;

/** Samples for tests. */
final class Samples {

  static final HeldOut HELD_OUT = new HeldOut("salt", 2);

  private Samples() {}

  static Sample of(String document, String text) {
    return of("source", document, 0, text);
  }

  /** A text that teaches. */
  static Sample from(String source, long eventTimeMillis, String text) {
    return of(source, training(0), eventTimeMillis, text);
  }

  private static Sample of(String source, String document, long eventTimeMillis, String text) {
    return Sample.ofText(
        "id", source, document, "letters", text, eventTimeMillis, new Origin("samples", 0, 7));
  }

  /** A document that teaches, by its number. */
  static String training(int number) {
    return document(number, false);
  }

  /** A document that is held out, by its number. */
  static String heldOut(int number) {
    return document(number, true);
  }

  /** Words of random letters. */
  static String words(Random random, int count) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < count; i++) {
      for (int k = 0; k < 3 + random.nextInt(6); k++) {
        text.append((char) ('a' + random.nextInt(26)));
      }
      text.append(' ');
    }
    return text.toString();
  }

  private static String document(int number, boolean heldOut) {
    int left = number;
    for (int i = 0; ; i++) {
      if (HELD_OUT.contains(null, "letters", "document-" + i) == heldOut && left-- == 0) {
        return "document-" + i;
      }
    }
  }
}
