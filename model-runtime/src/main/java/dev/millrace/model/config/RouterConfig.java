package dev.millrace.model.config;

/**
 * How a token finds its experts.
 *
 * @param topK experts a token
 * @param normTopkProb weights of the chosen experts sum to one
 * @param routedScalingFactor factor on those weights
 * @param groups equal groups of experts; a token may use {@code topkGroups} of them
 * @param adaptable an adapter may add to the logits; not in DeepSeek-V2, where transformers takes
 *     the router's weight past what PEFT puts around it
 */
public record RouterConfig(
    int numExperts,
    int topK,
    Scoring scoring,
    boolean normTopkProb,
    double routedScalingFactor,
    int groups,
    int topkGroups,
    boolean adaptable) {

  /** From router logits to scores. */
  public enum Scoring {
    SOFTMAX,
    /** With a bias that corrects the choice, not the weights (DeepSeek-V3, arXiv 2412.19437). */
    SIGMOID
  }

  /**
   * Experts that an uncertain token gets at most when entropy decides: twice the top k if its
   * groups hold so many, never fewer than the top k.
   */
  public int mostExperts() {
    return Math.max(topK, Math.min(2 * topK, numExperts / groups * topkGroups));
  }

  static RouterConfig softmax(int experts, int topK, boolean normTopkProb) {
    return new RouterConfig(experts, topK, Scoring.SOFTMAX, normTopkProb, 1, 1, 1, true);
  }
}
