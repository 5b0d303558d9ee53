package dev.millrace.model.cache;

/**
 * How similar two questions must be for one's answer to be the other's, from what the model itself
 * said: none are, until there is evidence.
 *
 * <p>Each of a few bands of similarity has evidence of its own: Wald's likelihood ratio (Sequential
 * Tests of Statistical Hypotheses, 1945) of a share of wrong answers of a third of the bound
 * against one of the bound. Where the share is the bound or more the ratio is a supermartingale, so
 * whatever the number of looks it ever reaches B / {@link #DOUBT} with probability DOUBT / B at
 * most (Ville), and any of the B bands opens with probability DOUBT at most. A ratio stops rising
 * at a little more than that, so that no past, however good, outweighs a few wrong answers of
 * today. A band that closes begins anew, with a trial of the same probability.
 */
final class HitGate {

  /** Probability that any band whose share of wrong answers is above the bound ever opens. */
  static final double DOUBT = 0.05;

  /** The greatest 1 − cosine of each band. */
  private static final double[] DISTANCES = {0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0005};

  private static final double OPENS = Math.log(DISTANCES.length / DOUBT);

  /** Of the bound: the share of wrong answers that the bound is tried against. */
  private static final double SUPPOSED = 1.0 / 3;

  /** Wrong answers, one after the other, that close a band however many were right before. */
  private static final int CLOSE = 3;

  private static final double MOST = OPENS + CLOSE * Math.log(1 / SUPPOSED) - 1e-9;

  private final double right;
  private final double[] logRatios = new double[DISTANCES.length];

  /** A bit of each band that is open; written by whoever observes, read by all. */
  private volatile int open;

  /**
   * @param bound greatest share of wrong answers; at 0 no evidence suffices
   */
  HitGate(double bound) {
    this.right = Math.log1p(-bound * SUPPOSED) - Math.log1p(-bound);
  }

  /** Whether a neighbour is near enough to be asked about at all. */
  static boolean isNear(double similarity) {
    return 1 - similarity <= DISTANCES[0];
  }

  /** Whether the answer of a near neighbour may be given; may be asked on any thread. */
  boolean passes(double similarity) {
    return (open >> band(similarity) & 1) != 0;
  }

  /**
   * Takes note of what the model said to a question with a near neighbour. What is noted must not
   * depend on anything but the band and whether it is open. On one thread.
   */
  void observe(double similarity, boolean wrong) {
    int band = band(similarity);
    double change = wrong ? Math.log(SUPPOSED) : right;
    double ratio = Math.min(MOST, logRatios[band] + change);
    boolean opens = ratio >= OPENS;
    boolean closes = logRatios[band] >= OPENS && !opens;
    logRatios[band] = closes ? 0 : ratio;
    open = opens ? open | 1 << band : open & ~(1 << band);
  }

  /** The narrowest that holds it. */
  private static int band(double similarity) {
    int band = 0;
    while (band + 1 < DISTANCES.length && 1 - similarity <= DISTANCES[band + 1]) {
      band++;
    }
    return band;
  }
}
