package dev.millrace.model.release;

import dev.millrace.model.config.MoeConfig;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * How many experts tokens get in a sparse layer.
 *
 * @param policy {@code top_k}: the same number for all; {@code entropy}: the more, the more
 *     uncertain the router is
 * @param topK experts a token, as the base's configuration has it
 * @param share of the experts that a token was to get on average when the limits were calibrated; 0
 *     for top_k
 * @param limits from which entropies of the router on, as shares of the greatest possible, a token
 *     gets one expert more than one: (layers, most − 1), flat; empty for top_k
 */
public record Routing(String policy, int topK, double share, List<Double> limits) {

  public static final String TOP_K = "top_k";
  public static final String ENTROPY = "entropy";

  private static final double ALWAYS = -1;
  private static final double NEVER = 2;

  /** How fast the number of experts grows with the effective number of choices. */
  private static final double POWER = 0.25;

  private static final double DIGITS = 1e4;

  public Routing {
    limits = List.copyOf(limits);
  }

  /** A fixed number of experts a token. */
  public static Routing topK(int topK) {
    return new Routing(TOP_K, topK, 0, List.of());
  }

  /** So many experts for every token, whatever the base's configuration has. */
  public static Routing fixed(MoeConfig config, int experts) {
    if (experts == config.router().topK()) {
      return topK(experts);
    }
    int most = config.router().mostExperts();
    if (experts < 1 || experts > most) {
      throw new IllegalArgumentException(experts + " experts, expected 1 to " + most);
    }
    List<Double> layer = new ArrayList<>();
    for (int k = 1; k < most; k++) {
      layer.add(k < experts ? ALWAYS : NEVER);
    }
    double share = (double) experts / config.router().numExperts();
    return new Routing(ENTROPY, config.router().topK(), share, inAllLayers(config, layer));
  }

  private static List<Double> inAllLayers(MoeConfig config, List<Double> layer) {
    List<Double> limits = new ArrayList<>();
    Collections.nCopies(config.numHiddenLayers(), layer).forEach(limits::addAll);
    return limits;
  }

  /**
   * The number of experts grows with the effective number of choices, exp(H) of the router: a token
   * gets k experts where {@code scale · exp(0.25 H)} rounds to k, 1 at least and twice the top k at
   * most.
   *
   * @param share that this scale is to come to
   */
  public static Routing entropy(MoeConfig config, double share, double scale) {
    double greatest = Math.log(Math.max(2, config.router().numExperts()));
    List<Double> layer = new ArrayList<>();
    for (int k = 1; k < config.router().mostExperts(); k++) {
      double limit = Math.log((k + 0.5) / scale) / POWER / greatest;
      double rounded = Math.round(limit * DIGITS) / DIGITS;
      layer.add(Math.max(ALWAYS, Math.min(NEVER, rounded)));
    }
    return new Routing(ENTROPY, config.router().topK(), share, inAllLayers(config, layer));
  }

  /**
   * Refuses what no base could serve.
   *
   * @throws InvalidReleaseException naming what is wrong
   */
  void requireHonest() {
    boolean fixed = policy.equals(TOP_K) && share == 0 && limits.isEmpty();
    boolean entropy =
        policy.equals(ENTROPY)
            && share > 0
            && share <= 1
            && limits.stream().allMatch(limit -> limit >= ALWAYS && limit <= NEVER);
    if (!fixed && !entropy) {
      throw new InvalidReleaseException(
          "routing policy is %s of share %s and %d limits, expected top_k without them or entropy with a share up to 1 and limits from %s to %s"
              .formatted(policy, share, limits.size(), ALWAYS, NEVER));
    }
  }

  /**
   * Refuses a routing that is not one of this base.
   *
   * @throws IllegalArgumentException naming what is wrong
   */
  public void requireOf(MoeConfig config) {
    int expected = config.numHiddenLayers() * (config.router().mostExperts() - 1);
    int most = policy.equals(ENTROPY) ? expected : 0;
    if (topK != config.router().topK() || limits.size() != most) {
      throw new IllegalArgumentException(
          "routing of top %d with %d limits, expected top %d with %d"
              .formatted(topK, limits.size(), config.router().topK(), most));
    }
  }
}
