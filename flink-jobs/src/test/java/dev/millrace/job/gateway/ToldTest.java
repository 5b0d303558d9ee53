package dev.millrace.job.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.millrace.schema.Chunk;
import dev.millrace.schema.Origin;
import dev.millrace.schema.TokenLogProb;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ToldTest {

  private final Told told = new Told();

  @Test
  void take_chunksAgainAfterAFailure_areToldOnce() {
    assertEquals("one ", take(0, "one ", "r"));
    assertEquals("two ", take(1, "two ", "r"));
    assertEquals("", take(0, "one ", "r"));
    assertEquals("", take(1, "two ", "r"));
    assertEquals("three ", take(2, "three ", "r"));
    assertEquals("four", told.rest("one two three four", List.of()));
  }

  @Test
  void take_firstChunksMissed_leavesAllToTheAnswer() {
    assertEquals("", take(1, "two ", "r"));
    assertEquals("one two ", told.rest("one two ", List.of()));
  }

  @Test
  void rest_anotherReleaseAnsweredAfterAFailure_saysThatWhatWasToldIsNotIt() {
    assertEquals("one ", take(0, "one ", "r"));
    assertEquals("", take(1, "zwei ", null));
    assertNull(told.rest("eins zwei ", List.of()));
  }

  @Test
  void rest_tokensOfAnotherComputation_saysThatWhatWasToldIsNotIt() {
    List<TokenLogProb> first = List.of(new TokenLogProb(new byte[] {'a'}, -1));
    List<TokenLogProb> both = List.of(first.get(0), new TokenLogProb(new byte[] {'b'}, -1));
    Chunk chunk = new Chunk("q", new Origin("t", 0, 1), null, 0, "a", null, "base", first);
    assertEquals("a", told.take(chunk));
    assertEquals(first, told.logProbs());
    assertEquals("b", told.rest("ab", both));
    assertNull(told.rest("ab", both.subList(1, 2)));
    assertNull(told.rest("ab", List.of()));
  }

  /** Chunks and answers come on threads of their own. */
  @Test
  void take_afterTheWhole_tellsNothingMore() {
    assertEquals("one ", take(0, "one ", "r"));
    assertEquals("two", told.rest("one two", List.of()));
    assertEquals("", take(1, "two", "r"));
  }

  private String take(int index, String text, @Nullable String release) {
    return told.take(
        new Chunk("q", new Origin("t", 0, 1), null, index, text, release, "base", List.of()));
  }
}
