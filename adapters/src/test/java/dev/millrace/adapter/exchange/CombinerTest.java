package dev.millrace.adapter.exchange;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class CombinerTest {

  private final Combiner combiner = new Combiner("dense", 2);

  private static Update update(long call, int trainer) {
    return update(call, trainer, "/d");
  }

  private static Update update(long call, int trainer, String domain) {
    return new Update(
        new Call(0, call),
        0,
        domain,
        0,
        trainer,
        List.of(new Shape.Matrix(1, 2)),
        false,
        new float[] {1, 2},
        new Told("", 1, 1, List.of(1.0), 1, 1));
  }

  @Test
  void take_oneTrainerStillTellsOfALessonThatWasGivenUp_theNextOneIsCombined() {
    assertNull(combiner.take(update(1, 0)));
    assertNull(combiner.take(update(2, 0)));
    assertNull(combiner.take(update(1, 1)));
    Report report = combiner.take(update(2, 1));
    assertNotNull(report);
    assertEquals(new Call(0, 2), report.call());
    assertEquals(2, report.told().size());
  }

  @Test
  void take_lessonsOfManyDomainsThatWereGivenUp_holdsTheLastAlone() {
    for (int call = 1; call <= 8; call++) {
      assertNull(combiner.take(update(call, 0, "/d" + call)));
    }
    assertEquals(1, combiner.lessons());
  }

  @Test
  void take_nextLesson_remembersNothingOfTheLast() {
    Combiner lossy = new Combiner("topk:0.5", 1);
    byte[] first = message(lossy, 1, 0);
    assertFalse(Arrays.equals(first, message(lossy, 1, 1)), "what was left out comes along");
    assertArrayEquals(first, message(lossy, 2, 0));
  }

  private static byte[] message(Combiner combiner, long call, int round) {
    Update update =
        new Update(
            new Call(0, call),
            round,
            "/d",
            0,
            0,
            List.of(new Shape.Matrix(1, 2)),
            false,
            new float[] {3, 4},
            new Told("", 1, 1, List.of(1.0), 1, 1));
    return Objects.requireNonNull(combiner.take(update)).message();
  }
}
