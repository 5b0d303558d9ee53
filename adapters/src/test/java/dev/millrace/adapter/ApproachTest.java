package dev.millrace.adapter;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ApproachTest {

  @Test
  void next_firstShare_followsFromTheReach() {
    assertEquals(0.95 * 0.8, new Approach(3).next(0.8), 1e-12);
    assertEquals(0.95 * 0.3, new Approach(3).next(0.3), 1e-12);
  }

  @Test
  void next_stillTooFar_takesHalfAtMost() {
    Approach approach = new Approach(3);
    double first = approach.next(0.8);
    assertEquals(first / 2, approach.next(0.9), 1e-12);
    assertEquals(first / 2 * 0.95 * 0.4, approach.next(0.4), 1e-12);
    assertFalse(approach.mayGoOn());
  }

  @Test
  void next_nothingReached_isTheLeastShareAndTheLast() {
    Approach approach = new Approach(3);
    assertEquals(0.125, approach.next(0), 0);
    assertFalse(approach.mayGoOn());
  }

  @Test
  void next_anyReaches_neverExceedsTheHalvings() {
    for (int halvings = 0; halvings < 5; halvings++) {
      Approach approach = new Approach(halvings);
      List<Double> shares = new ArrayList<>(List.of(1.0));
      while (approach.mayGoOn()) {
        shares.add(approach.next(1));
        assertTrue(shares.get(shares.size() - 1) < shares.get(shares.size() - 2), shares::toString);
      }
      assertEquals(1 + halvings, shares.size());
    }
  }
}
