package dev.millrace.model.score;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.nio.charset.StandardCharsets;
import java.text.Normalizer.Form;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.Collectors;
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

  /** Signatures of normalised texts are kept in state: whatever is made faster gives the same. */
  @Test
  void normalize_anyText_isAsByTheDefinition() {
    Random random = new Random(1);
    int[] limits = {48, 128, 0x250, 0x2100, 1 << 16, Character.MAX_CODE_POINT + 1};
    for (int i = 0; i < 12_000; i++) {
      StringBuilder text = new StringBuilder();
      for (int k = random.nextInt(40); k > 0; k--) {
        boolean plain = random.nextInt(3) > 0;
        text.appendCodePoint(random.nextInt(plain ? 128 : limits[i % limits.length]));
      }
      assertAsDefined(text.toString());
    }
  }

  @Test
  void normalize_everyCharacterBetweenOthers_isAsByTheDefinition() {
    for (String around : List.of("%sa", "Be twe%sen", "e%s.")) {
      for (int c = 0; c < 1 << 16; c++) {
        assertAsDefined(around.replace("%s", String.valueOf((char) c)));
      }
    }
  }

  /** As long as a sample may be: Java's own ways with either take seconds to minutes. */
  @Test
  void normalize_oneWordOfSigmasOrAPileOfMarks_takesNoLongerThanAnyText() {
    String sigmas = "\u03a3".repeat(32_000);
    String marks = "a" + "\u0301".repeat(16_000) + "\u0323".repeat(16_000);
    assertTimeoutPreemptively(
        Duration.ofMinutes(1),
        () -> {
          assertEquals("\u03c3".repeat(10), normalized(sigmas).substring(0, 10));
          String piled = "\u00e1" + "\u0301".repeat(29) + "\u034f\u0301";
          assertEquals(piled, normalized(marks).substring(0, piled.length()));
        });
  }

  private static void assertAsDefined(String text) {
    if (!defined(text).equals(normalized(text))) {
      assertEquals(codePoints(defined(text)), codePoints(normalized(text)), codePoints(text));
    }
  }

  private static String codePoints(String text) {
    return text.codePoints().mapToObj(Integer::toHexString).collect(Collectors.joining(" "));
  }

  private static String defined(String text) {
    StringBuilder out = new StringBuilder();
    java.text.Normalizer.normalize(text, Form.NFC)
        .toLowerCase(Locale.ROOT)
        .codePoints()
        .filter(c -> Character.getType(c) != Character.FORMAT)
        .map(c -> Character.isWhitespace(c) || Character.isSpaceChar(c) ? ' ' : c)
        .filter(c -> c != ' ' || (!out.isEmpty() && out.charAt(out.length() - 1) != ' '))
        .forEach(out::appendCodePoint);
    String trimmed =
        out.toString().endsWith(" ") ? out.substring(0, out.length() - 1) : out.toString();
    return new String(trimmed.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
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
