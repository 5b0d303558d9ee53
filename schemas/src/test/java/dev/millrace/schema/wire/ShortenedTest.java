package dev.millrace.schema.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class ShortenedTest {

  @Test
  void of_fits_isTheTextItself() {
    assertEquals("abc", Shortened.of("abc", 3));
  }

  /** Half of one is no text, and cannot be written as UTF-8. */
  @Test
  void of_cutWithinACharacter_endsBeforeIt() {
    assertEquals("ab…", Shortened.of("ab\ud83d\ude00c", 3));
    assertEquals("ab\ud83d\ude00…", Shortened.of("ab\ud83d\ude00c", 4));
  }
}
