package dev.millrace.job.loop;

import dev.millrace.schema.Sample;
import java.util.Locale;
import java.util.Random;

/** What a stream should not teach, made from what it should: one of six kinds in turn. */
final class Junk {

  private static final int KINDS = 6;

  private final Random random;
  private int made;

  Junk(Random random) {
    this.random = random;
  }

  /** A bad sample of the domain of a good one. */
  Sample from(Sample good) {
    int n = made++;
    String text = good.text();
    String bad =
        switch (n % KINDS) {
          case 0 -> text;
          case 1 -> text.replaceFirst("\\p{L}{3,}", "changed");
          case 2 -> "buy now! ".repeat(40);
          case 3 -> symbols(400);
          case 4 -> letters(400);
          default -> text.substring(0, Math.min(12, text.length()));
        };
    return Samples.of("junk-" + n, good.document(), String.valueOf(good.domain()), bad);
  }

  private String symbols(int length) {
    String symbols = "#$%&*+-/<=>@^_|~{}[]()";
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < length; i++) {
      text.append(symbols.charAt(random.nextInt(symbols.length())));
    }
    return text.toString();
  }

  private String letters(int length) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < length; i++) {
      String letter = String.valueOf((char) ('a' + random.nextInt(26)));
      text.append(random.nextInt(9) == 0 ? " " : letter.toUpperCase(Locale.ROOT));
    }
    return text.toString();
  }
}
