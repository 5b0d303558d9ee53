package dev.millrace.model.base;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class RoutesTest {

  private static Routes of(int[]... tokens) {
    return new Routes(List.<int[][]>of(tokens));
  }

  @Test
  void agreement_fewerOfTheSameExperts_isWhole() {
    Routes four = of(new int[] {3, 1, 2, 0}, new int[] {4, 5, 6, 7});
    Routes fewer = of(new int[] {3, 1, -1, -1}, new int[] {4, 0, 5, -1});
    assertEquals((1 + 2 / 3.0) / 2, four.agreement(fewer), 1e-12);
    assertEquals((1 + 2 / 3.0) / 2, fewer.agreement(four), 1e-12);
  }

  @Test
  void active_droppedExperts_doNotCount() {
    Routes routes = of(new int[] {3, 1, -1, -1}, new int[] {4, 0, 5, -1});
    assertEquals(5, routes.active());
    assertEquals(2, routes.routed());
  }
}
