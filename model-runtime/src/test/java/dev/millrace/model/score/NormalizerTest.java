package dev.millrace.model.score;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.Random;
import org.junit.jupiter.api.Test;

class NormalizerTest {

  @Test
  void normalize_caseSpacingAndComposition_doNotMatter() {
    assertEquals("caf\u00e9 au lait", normalized("  Cafe\u0301\n\t AU  lait\u2003 "));
    assertEquals("cafe au lait", normalized("  Cafe\n\t AU  lait\u001c "));
    assertEquals("", normalized(" \n\t"));
  }

  @Test
  void normalize_hardSpacesAndWhatNobodySees_doNotMatter() {
    assertEquals("au lait", normalized("au\u00a0lait\u202f"));
    assertEquals("au lait", normalized("\ufeffa\u200bu l\u00ada\u2060i\u200dt\udb40\udc41"));
  }

  @Test
  void normalize_ascii_isAsCharacterByCharacter() {
    Random random = new Random(1);
    for (int i = 0; i < 500; i++) {
      StringBuilder text = new StringBuilder();
      for (int k = random.nextInt(20); k > 0; k--) {
        text.append((char) random.nextInt(i % 2 == 0 ? 128 : 48));
      }
      assertEquals(naive(text.toString()), normalized(text.toString()));
    }
  }

  private static String naive(String text) {
    StringBuilder out = new StringBuilder();
    for (char c : text.toLowerCase(Locale.ROOT).toCharArray()) {
      boolean space = Character.isWhitespace(c);
      if (!space || (out.length() > 0 && out.charAt(out.length() - 1) != ' ')) {
        out.append(space ? ' ' : c);
      }
    }
    return out.toString().endsWith(" ") ? out.substring(0, out.length() - 1) : out.toString();
  }

  private static String normalized(String text) {
    return new String(Normalizer.normalize(text), StandardCharsets.UTF_8);
  }

  @Test
  void of_textsThatDifferInOneCharacterOrLength_differ() {
    String text = "0123456789abcdefghij";
    assertArrayEquals(hash(text), hash("0123456789abcdefghij"));
    for (int i = 0; i < text.length(); i++) {
      StringBuilder changed = new StringBuilder(text);
      changed.setCharAt(i, 'x');
      assertFalse(Arrays.equals(hash(text), hash(changed.toString())));
      assertFalse(Arrays.equals(hash(text), hash(text.substring(0, i))));
    }
    assertFalse(Arrays.equals(hash("a"), hash("\0a")));
  }

  private static long[] hash(String text) {
    return TextHash.of(text.getBytes(StandardCharsets.UTF_8));
  }
}
