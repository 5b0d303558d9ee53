package dev.millrace.adapter.gate;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Map;
import org.junit.jupiter.api.Test;

class ProtectedRiseTest {
  private static final GateConfig CONFIG = GateConfig.defaults();
  private static final double BOUND = CONFIG.protectedBound();
  private static final double WORST = CONFIG.worstProtectedBound();

  @Test
  void reach_allSetsTogetherRise_meetsTheirBound() {
    assertEquals(0.25, rise(3 * BOUND, 0).reach(rise(BOUND / 3, 0), CONFIG), 1e-12);
  }

  @Test
  void reach_oneSetRises_meetsItsBound() {
    assertEquals(0.5, rise(BOUND, 2 * WORST).reach(rise(0, 0), CONFIG), 1e-12);
  }

  @Test
  void reach_withinTheBounds_isTheWholeWay() {
    assertEquals(1, rise(BOUND, WORST).reach(rise(BOUND, WORST), CONFIG), 0);
  }

  @Test
  void reach_startBeyondTheBound_isNothing() {
    assertEquals(0, rise(1.5 * BOUND, 0).reach(rise(2 * BOUND, 0), CONFIG), 0);
  }

  @Test
  void reach_harmThatGrowsWithTheSquare_isWithinTheBound() {
    double before = BOUND / 2;
    for (double slope = 0; slope < 0.01; slope += 0.002) {
      for (double curve = 0.004; curve < 0.1; curve += 0.01) {
        double reach = rise(before + slope + curve, 0).reach(rise(before, 0), CONFIG);
        double there = before + slope * reach + curve * reach * reach;
        assertEquals(Math.min(BOUND, there), there, 1e-12);
      }
    }
  }

  @Test
  void pressure_isThatOnTheNearestBound() {
    assertEquals(0.5, rise(BOUND / 2, WORST / 4).pressure(CONFIG), 1e-12);
    assertEquals(0.75, rise(BOUND / 2, 0.75 * WORST).pressure(CONFIG), 1e-12);
    assertEquals(0, rise(-BOUND, -WORST).pressure(CONFIG), 0);
    assertEquals(Double.NaN, rise(Double.NaN, 0).pressure(CONFIG));
  }

  private static ProtectedRise rise(double all, double worst) {
    return new ProtectedRise(Map.of("one", worst), all);
  }
}
