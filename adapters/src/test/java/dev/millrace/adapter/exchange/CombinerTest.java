package dev.millrace.adapter.exchange;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.List;
import org.junit.jupiter.api.Test;

class CombinerTest {

  private final Combiner combiner = new Combiner("dense", 2);

  private static Update update(long call, int trainer) {
    return new Update(
        new Call(0, call),
        0,
        "/d",
        0,
        trainer,
        call,
        "",
        "",
        List.of(new Shape.Matrix(1, 2)),
        new float[] {1, 2},
        new Told("", 1, 1, 1, 1, 1, 1));
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
}
