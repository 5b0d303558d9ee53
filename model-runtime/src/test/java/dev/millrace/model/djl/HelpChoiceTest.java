package dev.millrace.model.djl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class HelpChoiceTest {

  private final HelpChoice choice = new HelpChoice();

  /** How many of so many steps had help, each of which takes so long, or without it so long. */
  private int helped(int steps, long with, long without) {
    int helped = 0;
    for (int i = 0; i < steps; i++) {
      boolean help = choice.next();
      choice.took(help, help ? with : without);
      helped += help ? 1 : 0;
    }
    return helped;
  }

  @Test
  void next_helpIsFaster_helpsAllButEachSixteenth() {
    assertEquals(5, helped(10, 20, 26), "at first by turns");
    assertEquals(150, helped(160, 20, 26));
  }

  @Test
  void next_helpBecomesSlower_doesWithoutSoon() {
    helped(200, 20, 26);
    int steps = 0;
    while (helped(1, 30, 26) == 1) {
      steps++;
    }
    assertTrue(steps < 5, "after " + steps + " steps");
    helped(160, 30, 26);
    assertEquals(10, helped(160, 30, 26));
    helped(200, 20, 26);
    assertEquals(150, helped(160, 20, 26), "and with it again once it is faster");
  }

  @Test
  void next_aStepThatTookVeryLong_changesNothing() {
    helped(200, 20, 26);
    choice.took(true, 10_000);
    choice.took(true, 10_000);
    assertEquals(15, helped(16, 20, 26));
  }
}
