package dev.millrace.model.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.time.Duration;
import java.util.Locale;
import java.util.Random;
import org.junit.jupiter.api.Test;

class LowerCaseTest {

  private static final String SIGNS = "\u03a3\u03a3\u0391\u03b4\u0130a .,'\n\u00ad\u0301\u4e2d$\\";

  @Test
  void of_anyWords_isAsJavaHasIt() {
    Random random = new Random(1);
    for (int i = 0; i < 2_000; i++) {
      StringBuilder text = new StringBuilder();
      for (int k = random.nextInt(33); k > 0; k--) {
        text.append(SIGNS.charAt(random.nextInt(SIGNS.length())));
      }
      assertEquals(text.toString().toLowerCase(Locale.ROOT), LowerCase.of(text.toString()));
    }
    String odos = "ΟΔΟΣ ".repeat(100);
    assertEquals(odos.toLowerCase(Locale.ROOT), LowerCase.of(odos));
  }

  @Test
  void of_oneWordOfSigmas_takesNoMinutes() {
    String word = "\u03a3".repeat(32_000);
    assertTimeoutPreemptively(
        Duration.ofMinutes(1), () -> assertEquals(word.length(), LowerCase.of(word).length()));
  }
}
