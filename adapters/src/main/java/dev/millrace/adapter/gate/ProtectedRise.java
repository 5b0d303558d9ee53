package dev.millrace.adapter.gate;

import java.util.Map;

/**
 * What an adapter makes of the protected sets.
 *
 * @param sets per protected set, relative rise of its loss against the base
 * @param all the same over all sets together
 */
record ProtectedRise(Map<String, Double> sets, double all) {

  /**
   * How far one may go from a start to here within the bounds, as a share of the way, if what rises
   * rises in a straight line. It rises ever faster, so that somewhat more would pass; 0 where the
   * start itself is beyond them.
   */
  double reach(ProtectedRise start, GateConfig config) {
    double reach = reach(start.all, all, config.protectedBound());
    for (Map.Entry<String, Double> set : sets.entrySet()) {
      double from = start.sets.getOrDefault(set.getKey(), 0.0);
      reach = Math.min(reach, reach(from, set.getValue(), config.worstProtectedBound()));
    }
    return reach;
  }

  /** How near the nearest bound this has come: 1 is at it, 0 is no worse than the base. */
  double pressure(GateConfig config) {
    double pressure = Math.max(0, all / config.protectedBound());
    for (double rise : sets.values()) {
      pressure = Math.max(pressure, rise / config.worstProtectedBound());
    }
    return pressure;
  }

  private static double reach(double from, double to, double bound) {
    if (to <= bound) {
      return 1;
    }
    return from < bound ? (bound - from) / (to - from) : 0;
  }
}
