package dev.millrace.job.operator.learn;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class WaitsTest {

  private final Throwable away = new IllegalStateException("a", new IOException("away"));
  private final String why = "a: away";

  private final List<String> said = new ArrayList<>();
  private final Waits waits = new Waits(said::add);

  @Test
  void inVain_everyFiveSeconds_isToldOnceThenOnceAMinuteAndOnceWhenItIsOver() {
    for (int second = 100; second < 235; second += 5) {
      waits.inVain("d", "D waits", away, second * 1_000L);
    }
    waits.over("d", "D", 236_000);
    waits.over("d", "D", 237_000);
    assertEquals(
        List.of(
            "D waits: " + why,
            "D waits, for 60 s: " + why,
            "D waits, for 120 s: " + why,
            "D goes on after 136 s"),
        said);
  }

  @Test
  void inVain_ofMany_eachIsToldWhenItBeginsAndAllTogetherOnceAMinute() {
    for (int second = 0; second <= 60; second += 5) {
      waits.inVain("d", "D waits", away, second * 1_000L);
      waits.inVain("e", "E waits", away, second * 1_000L);
    }
    waits.over("f", "F", 61_000);
    assertEquals(
        List.of(
            "D waits: " + why, "E waits: " + why, "D waits, for 60 s, others wait too: 1: " + why),
        said);
  }
}
