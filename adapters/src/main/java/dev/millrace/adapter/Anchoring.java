package dev.millrace.adapter;

/**
 * How much the anchors weigh beside the texts where a change goes too far and what serves is near a
 * bound of what may be made of the protected sets: the more, the nearer. It is a Lagrange
 * multiplier, and a function of what serves, so that nothing has to be remembered.
 */
final class Anchoring {

  /** Share of the bound up to which a part of the change gains more than another change. */
  private static final double FREE = 0.85;

  /** At the bound, some ten times the configured weight. */
  private static final double STEEPNESS = 15;

  private static final double MOST_BEYOND = 0.25;

  private static final double HEAVY = 8;

  private Anchoring() {}

  /**
   * How many times as much the anchors weigh as the configuration has it.
   *
   * @param pressure how near the nearest bound what serves has come: 1 is at it; not a number where
   *     nothing is protected
   */
  static double times(double pressure) {
    return pressure > FREE ? Math.exp(STEEPNESS * Math.min(MOST_BEYOND, pressure - FREE)) : 1;
  }

  /**
   * How many times as much they weigh where no share of the change passes either.
   *
   * @param times that were tried before; 1 if none
   */
  static double heavy(double times) {
    return Math.max(HEAVY, times * times);
  }
}
