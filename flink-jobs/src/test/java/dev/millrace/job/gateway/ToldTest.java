package dev.millrace.job.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.millrace.schema.Chunk;
import dev.millrace.schema.Origin;
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
    assertEquals("four", told.rest("one two three four"));
  }

  @Test
  void take_firstChunksMissed_leavesAllToTheAnswer() {
    assertEquals("", take(1, "two ", "r"));
    assertEquals("one two ", told.rest("one two "));
  }

  @Test
  void rest_anotherReleaseAnsweredAfterAFailure_saysThatWhatWasToldIsNotIt() {
    assertEquals("one ", take(0, "one ", "r"));
    assertEquals("", take(1, "zwei ", null));
    assertNull(told.rest("eins zwei "));
  }

  /** Chunks and answers come on threads of their own. */
  @Test
  void take_afterTheWhole_tellsNothingMore() {
    assertEquals("one ", take(0, "one ", "r"));
    assertEquals("two", told.rest("one two"));
    assertEquals("", take(1, "two", "r"));
  }

  private String take(int index, String text, @Nullable String release) {
    return told.take(new Chunk("q", new Origin("t", 0, 1), null, index, text, release, "base"));
  }
}
