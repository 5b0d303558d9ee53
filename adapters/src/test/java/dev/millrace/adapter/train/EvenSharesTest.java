package dev.millrace.adapter.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class EvenSharesTest {

  /** A thread, and where it was told to go on. */
  private static final class Placed implements EvenShares.Runner {
    private final long missed;
    private int processor;

    Placed(long missedMillis, int processor) {
      this.missed = TimeUnit.MILLISECONDS.toNanos(missedMillis);
      this.processor = processor;
    }

    @Override
    public long missed() {
      return missed;
    }

    @Override
    public int processor() {
      return processor;
    }

    @Override
    public void move(int other) {
      processor = other;
    }
  }

  @Test
  void even_oneMissedMuchMore_changesPlacesWithTheOneThatMissedLeast() {
    assertEquals(List.of(2, 1, 0), after(new Placed(40, 0), new Placed(30, 1), new Placed(10, 2)));
  }

  @Test
  void even_allMissedAboutAsMuch_stay() {
    assertEquals(List.of(0, 1), after(new Placed(405, 0), new Placed(400, 1)));
  }

  @Test
  void even_oneAlone_stays() {
    assertEquals(List.of(3), after(new Placed(1000, 3)));
    assertEquals(List.of(), after());
  }

  private static List<Integer> after(Placed... runners) {
    EvenShares.even(List.of(runners));
    return Arrays.stream(runners).map(Placed::processor).toList();
  }

  @Test
  void among_workThatFailsOrNot_isWhatItWas() throws Exception {
    try (EvenShares shares = new EvenShares()) {
      List<Callable<Integer>> work = new ArrayList<>();
      work.add(shares.among(() -> 7));
      assertEquals(7, work.get(0).call());
      Callable<Integer> failing =
          shares.among(
              () -> {
                throw new IllegalArgumentException("x is 3, expected 4");
              });
      assertThrows(IllegalArgumentException.class, failing::call);
    }
  }
}
