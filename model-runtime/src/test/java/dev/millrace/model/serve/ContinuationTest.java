package dev.millrace.model.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.model.base.Decoding.Token;
import dev.millrace.model.cache.CachedAnswer;
import dev.millrace.model.text.ByteTokenizer;
import dev.millrace.schema.TokenLogProb;
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
    Continuation continuation = new Continuation(BYTES, List.of(1, 2), List.of("d"), 8, false);
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

  @Test
  void list_tokensAsTheyCome_areThoseOfTheAnswerEachOnce() {
    String text = "aé\u0002";
    int[] bytes = BYTES.encode(text);
    Continuation continuation = new Continuation(BYTES, List.of(2), List.of(), 8, true);
    List<TokenLogProb> listed = new ArrayList<>();
    for (int i = 0; i < bytes.length; i++) {
      continuation.add(new Token(0, bytes[i], -i, false));
      listed.addAll(continuation.list());
    }
    List<TokenLogProb> expected = new ArrayList<>();
    for (int i = 0; i < bytes.length; i++) {
      expected.add(new TokenLogProb(new byte[] {(byte) bytes[i]}, -i));
    }
    assertEquals(expected, listed);
    assertEquals(expected, continuation.answer().logProbs());
    assertEquals("aé", continuation.answer().text());
    assertEquals(List.of(), answer(text, List.of()).logProbs());
  }

  private static CachedAnswer answer(String text, List<String> stop) {
    int[] bytes = BYTES.encode(text);
    Continuation continuation = new Continuation(BYTES, List.of(2), stop, bytes.length, false);
    for (int b : bytes) {
      continuation.add(new Token(0, b, 0, false));
    }
    return continuation.answer();
  }

  /** What each byte adds to what is told. */
  private static List<String> told(String text, List<String> stop) {
    int[] bytes = BYTES.encode(text);
    Continuation continuation = new Continuation(BYTES, List.of(), stop, bytes.length, false);
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
