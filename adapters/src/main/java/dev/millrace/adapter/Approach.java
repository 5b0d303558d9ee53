package dev.millrace.adapter;

/**
 * Which shares of a change are judged, one after the other, while each still goes too far: first by
 * what was measured of the whole, then at most half of the share before, down to a least one.
 */
final class Approach {

  /** Rounding adds some harm of its own. */
  static final double CAUTION = 0.95;

  private final double least;
  private double share = 1;
  private int left;

  /**
   * @param halvings shares that may follow the whole, which halved so often is the least one
   */
  Approach(int halvings) {
    left = halvings;
    least = Math.scalb(1.0, -halvings);
  }

  /** Whether another share may be judged. */
  boolean mayGoOn() {
    return left > 0;
  }

  /**
   * The share to judge next.
   *
   * @param reach of the last one, 0..1
   */
  double next(double reach) {
    double nearer = CAUTION * reach * share;
    share = Math.max(least, share == 1 ? nearer : Math.min(nearer, share / 2));
    left = share == least ? 0 : left - 1;
    return share;
  }
}
