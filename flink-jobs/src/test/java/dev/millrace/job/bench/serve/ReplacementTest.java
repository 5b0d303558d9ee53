package dev.millrace.job.bench.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ReplacementTest {

  /** By trying all that may go at every miss. */
  private static long most(int[] asked, int at, Set<Integer> kept, int room) {
    if (at == asked.length) {
      return 0;
    }
    if (kept.contains(asked[at])) {
      return 1 + most(asked, at + 1, kept, room);
    }
    Set<Integer> more = new HashSet<>(kept);
    more.add(asked[at]);
    if (more.size() <= room) {
      return most(asked, at + 1, more, room);
    }
    long best = 0;
    for (int gone : more) {
      Set<Integer> left = new HashSet<>(more);
      left.remove(gone);
      best = Math.max(best, most(asked, at + 1, left, room));
    }
    return best;
  }

  @Test
  void belady_shortStreams_isTheMostThatAnyChoiceHas() {
    SplittableRandom random = new SplittableRandom(5);
    for (int trial = 0; trial < 200; trial++) {
      int[] asked = random.ints(9, 0, 5).toArray();
      int room = 1 + trial % 3;
      long best = most(asked, 0, Set.of(), room);
      assertEquals(best, Replacement.belady(asked, room));
      assertTrue(Replacement.lru(asked, room) <= best);
    }
  }

  @Test
  void draw_drift_bringsQuestionsThatWereNeverAsked() {
    int[] still = new DriftingZipf(0.9).draw(20_000, 1_000, 0, 3);
    int[] drifting = new DriftingZipf(0.9).draw(20_000, 1_000, 1_000, 3);
    assertTrue(max(still) < 1_000, "no drift, no new ones");
    assertTrue(max(drifting) >= 1_000 && max(drifting) < 1_200, () -> "up to " + max(drifting));
  }

  private static int max(int[] values) {
    int max = 0;
    for (int value : values) {
      max = Math.max(max, value);
    }
    return max;
  }
}
