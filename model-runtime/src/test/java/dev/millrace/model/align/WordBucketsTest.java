package dev.millrace.model.align;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class WordBucketsTest {

  @Test
  void of_identifiersAndWords_areTheSame() {
    int[] words = WordBuckets.of("Arrow left bold");
    assertArrayEquals(words, WordBuckets.of("arrowLeftBold"));
    assertArrayEquals(words, WordBuckets.of("ARROW_LEFT_BOLD"));
    assertArrayEquals(WordBuckets.of("url parser"), WordBuckets.of("URLParser"));
    assertArrayEquals(WordBuckets.of("utf 8 reader"), WordBuckets.of("Utf8Reader"));
  }

  @Test
  void of_aWord_isItselfAndItsGroupsOfThree() {
    assertEquals(1 + 3, WordBuckets.of("cat").length);
    assertEquals(1 + 1, WordBuckets.of("a").length);
    assertEquals(2 * (1 + 1), WordBuckets.of("猫狗").length);
    assertEquals(0, WordBuckets.of(" -- ").length);
  }

  @Test
  void of_longText_isBoundedAndWithinTheTable() {
    int[] buckets = WordBuckets.of("words and more words ".repeat(10_000));
    assertTrue(buckets.length < 96 * 8, "" + buckets.length);
    assertTrue(Arrays.stream(buckets).allMatch(b -> b >= 0 && b < WordBuckets.COUNT));
  }
}
