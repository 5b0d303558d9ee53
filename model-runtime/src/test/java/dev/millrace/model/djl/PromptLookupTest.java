package dev.millrace.model.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.model.base.Prompt;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What an answer is guessed to go on with. */
class PromptLookupTest {

  private static final int[] NOTHING = {};

  private static PromptLookup looking(int[] prompt, int more) {
    return new PromptLookup(new Prompt(prompt, () -> {}, more, 0, 0));
  }

  /** An answer of so many tokens that stood nowhere before, then of these. */
  private static PromptLookup answering(int[] prompt, int fresh, int... tokens) {
    PromptLookup lookup = looking(prompt, 1_000);
    IntStream.range(0, fresh).map(i -> 10_000 + i).forEach(lookup::add);
    IntStream.of(tokens).forEach(lookup::add);
    return lookup;
  }

  @Test
  void draft_whatStoodBefore_isGuessedByItsLength() {
    int[] prompt = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    assertArrayEquals(NOTHING, answering(prompt, 120, 1, 2).draft());
    assertArrayEquals(new int[] {4, 5}, answering(prompt, 120, 1, 2, 3).draft());
    assertArrayEquals(new int[] {6, 7, 8, 9}, answering(prompt, 120, 1, 2, 3, 4, 5).draft());
  }

  @Test
  void draft_theLongestRepetition_goesBeforeTheLatest() {
    int[] prompt = {1, 2, 3, 4, 5, 9, 2, 3, 4, 6, 9, 2, 3, 4, 7};
    assertArrayEquals(new int[] {5, 9, 2}, answering(prompt, 120, 1, 2, 3, 4).draft());
    assertArrayEquals(new int[] {7, 10_000}, answering(prompt, 120, 8, 2, 3, 4).draft());
  }

  @Test
  void draft_aLoop_isGuessedToGoOn() {
    PromptLookup lookup = answering(NOTHING, 120, 1, 2, 1, 2, 1, 2);
    assertArrayEquals(new int[] {1, 2, 1}, lookup.draft());
  }

  @Test
  void draft_alwaysWrong_isPaidForByTheAnswer() {
    PromptLookup lookup = answering(new int[] {1, 2, 3, 4}, 0);
    int drafted = 0;
    for (int i = 1; i <= 900; i++) {
      lookup.add(1 + (i - 1) % 3);
      drafted += lookup.draft().length;
      assertTrue(drafted <= i / 14, drafted + " guesses in an answer of " + i);
    }
    assertTrue(drafted > 60, drafted + " guesses");
  }

  @Test
  void draft_alwaysRight_growsToFifteen() {
    PromptLookup lookup = answering(NOTHING, 0);
    int steps = 0;
    int most = 0;
    for (int i = 0; i < 400; steps++) {
      int[] draft = lookup.draft();
      most = Math.max(most, draft.length);
      lookup.add(i++ % 5);
      for (int token : draft) {
        if (token == (i - 1) % 5) {
          lookup.accept();
          lookup.add(i++ % 5);
        }
      }
    }
    assertEquals(15, most);
    assertTrue(steps < 60, steps + " steps");
  }

  @Test
  void draft_nearTheEnd_isFewerThanTheAnswerLacks() {
    PromptLookup lookup = looking(new int[] {1, 2, 3, 4, 5, 6}, 26);
    IntStream.range(0, 20).map(i -> 10_000 + i).forEach(lookup::add);
    IntStream.of(1, 2, 3, 4).forEach(lookup::add);
    assertArrayEquals(new int[] {5}, lookup.draft());
    lookup.add(5);
    assertArrayEquals(NOTHING, lookup.draft());
  }
}
