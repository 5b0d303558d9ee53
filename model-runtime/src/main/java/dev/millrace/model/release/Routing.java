package dev.millrace.model.release;

import dev.millrace.model.config.MoeConfig;

/**
 * How many experts tokens get in a sparse layer.
 *
 * @param policy {@code top_k}: as many as the base's configuration has; {@code fixed}: another
 *     number, the same for all; {@code entropy}: the more, the less the router has decided
 * @param topK experts a token: of fixed what all get, else what the base's configuration has
 * @param share of the experts that a token was to get on average when the threshold was calibrated;
 *     0 but for entropy
 * @param threshold from which on an expert is taken; 0 but for entropy. What must reach it is the
 *     geometric mean of the expert's probability and of that of all the top k from it on, which
 *     would be left out with it. The likeliest is always taken, and never more than twice the top k
 */
public record Routing(String policy, int topK, double share, double threshold) {

  public static final String TOP_K = "top_k";
  public static final String FIXED = "fixed";
  public static final String ENTROPY = "entropy";

  private static final double DIGITS = 1e5;

  /** As many experts a token as the base's configuration has. */
  public static Routing topK(int topK) {
    return new Routing(TOP_K, topK, 0, 0);
  }

  /** So many experts for every token, whatever the base's configuration has. */
  public static Routing fixed(MoeConfig config, int experts) {
    return experts == config.router().topK() ? topK(experts) : new Routing(FIXED, experts, 0, 0);
  }

  /**
   * The experts that reach a threshold.
   *
   * @param share that this threshold is to come to
   */
  public static Routing entropy(MoeConfig config, double share, double threshold) {
    double rounded = Math.min(1, Math.ceil(threshold * DIGITS) / DIGITS);
    return new Routing(ENTROPY, config.router().topK(), share, rounded);
  }

  /**
   * Refuses what no base could serve.
   *
   * @throws InvalidReleaseException naming what is wrong
   */
  void requireHonest() {
    boolean fixed = (policy.equals(TOP_K) || policy.equals(FIXED)) && share == 0 && threshold == 0;
    boolean entropy = policy.equals(ENTROPY) && isPart(share) && isPart(threshold);
    if (!fixed && !entropy) {
      throw new InvalidReleaseException(
          "routing policy is %s of share %s and threshold %s, expected top_k or fixed without them or entropy with both above 0 and up to 1"
              .formatted(policy, share, threshold));
    }
  }

  private static boolean isPart(double value) {
    return value > 0 && value <= 1;
  }

  /**
   * Refuses a routing that is not one of this base.
   *
   * @throws IllegalArgumentException naming what is wrong
   */
  public void requireOf(MoeConfig config) {
    int own = config.router().topK();
    int least = policy.equals(FIXED) ? 1 : own;
    int most = policy.equals(FIXED) ? config.router().mostExperts() : own;
    if (topK < least || topK > most) {
      throw new IllegalArgumentException(
          "routing %s of top %d, expected top %d%s"
              .formatted(policy, topK, least, least == most ? "" : " to " + most));
    }
  }
}
