package dev.millrace.model.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.model.base.Decoding.Token;
import dev.millrace.model.cache.CachedAnswer;
import dev.millrace.model.text.ByteTokenizer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ContinuationTest {

  private static final ByteTokenizer BYTES = new ByteTokenizer();

  @Test
  void tell_characterOfManyBytes_comesWhenItIsComplete() {
    assertEquals(List.of("α", "=", "🌧"), told("α=🌧", List.of()));
  }

  @Test
  void tell_whatMayBeginAStopText_waitsUntilItDoesNot() {
    assertEquals(List.of("a", "EMBc"), told("aEMBcEN", List.of("END", "EMBER")));
  }

  @Test
  void add_tokenThatEndsTheText_isCountedAndNotPartOfIt() {
    Continuation continuation = new Continuation(BYTES, List.of(1, 2), List.of("d"), 8);
    for (int b : BYTES.encode("abc")) {
      assertTrue(continuation.add(new Token(0, b, -1, false)));
    }
    assertFalse(continuation.add(new Token(0, 2, -1, false)));
    assertEquals("abc", continuation.answer().text());
    assertEquals(4, continuation.answer().tokens());
    assertEquals(-4, continuation.answer().logProb());
  }

  @Test
  void answer_endOrStopTextWithTheLastTokenThatMayCome_hasStopped() {
    assertFalse(answer("abcd", List.of()).stopped());
    assertTrue(answer("abcd", List.of("cd")).stopped());
    assertTrue(answer("abc\u0002", List.of()).stopped());
  }

  private static CachedAnswer answer(String text, List<String> stop) {
    int[] bytes = BYTES.encode(text);
    Continuation continuation = new Continuation(BYTES, List.of(2), stop, bytes.length);
    for (int b : bytes) {
      continuation.add(new Token(0, b, 0, false));
    }
    return continuation.answer();
  }

  /** What each byte adds to what is told. */
  private static List<String> told(String text, List<String> stop) {
    int[] bytes = BYTES.encode(text);
    Continuation continuation = new Continuation(BYTES, List.of(), stop, bytes.length);
    List<String> told = new ArrayList<>();
    for (int b : bytes) {
      assertTrue(continuation.add(new Token(0, b, 0, false)));
      String more = continuation.tell();
      if (!more.isEmpty()) {
        assertEquals(told.size(), continuation.index());
        told.add(more);
      }
    }
    return told;
  }
}
