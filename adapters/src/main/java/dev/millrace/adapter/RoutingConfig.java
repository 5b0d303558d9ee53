package dev.millrace.adapter;

import java.io.Serializable;

/**
 * How many experts the tokens of adapted domains get.
 *
 * @param share of the experts that a token gets on average, where entropy decides
 * @param tolerance relative difference between share and traffic beyond which the threshold is
 *     calibrated anew
 */
public record RoutingConfig(Policy policy, double share, double tolerance) implements Serializable {

  /** What decides how many. */
  public enum Policy {
    /** The base's configuration: the same number for all. */
    TOP_K,
    /** The router's entropy: the more uncertain, the more. */
    ENTROPY
  }

  /** What the demo runs with. */
  public static RoutingConfig defaults() {
    return new RoutingConfig(Policy.TOP_K, 0.1, 0.02);
  }
}
