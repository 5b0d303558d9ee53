package dev.millrace.model.score;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class NormalizerTest {

  @Test
  void normalize_caseSpacingAndComposition_doNotMatter() {
    assertEquals("caf\u00e9 au lait", Normalizer.normalize("  Cafe\u0301\n\t AU  lait\u2003 "));
    assertEquals("", Normalizer.normalize(" \n\t"));
  }

  @Test
  void of_textsThatDifferInOneCharacterOrLength_differ() {
    String text = "0123456789";
    assertArrayEquals(TextHash.of(text), TextHash.of("0123456789"));
    for (int i = 0; i < text.length(); i++) {
      StringBuilder changed = new StringBuilder(text);
      changed.setCharAt(i, 'x');
      assertFalse(Arrays.equals(TextHash.of(text), TextHash.of(changed.toString())));
      assertFalse(Arrays.equals(TextHash.of(text), TextHash.of(text.substring(0, i))));
    }
    assertFalse(Arrays.equals(TextHash.of("a"), TextHash.of("\0a")));
  }
}
