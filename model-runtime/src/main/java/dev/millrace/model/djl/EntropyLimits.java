package dev.millrace.model.djl;

import dev.millrace.model.config.MoeConfig;
import java.util.Arrays;

/**
 * From which entropies on a token gets one expert more than one, as shares of the greatest possible
 * entropy, which is 1: (layers, most − 1), flat.
 */
final class EntropyLimits {

  private static final float ALWAYS = -1;
  private static final float NEVER = 2;
  private static final double POWER = 0.4;

  private EntropyLimits() {}

  /** The limits under which every token gets the top k. */
  static float[] topK(MoeConfig config) {
    return fixed(config, config.router().topK());
  }

  /** The limits under which every token gets so many experts. */
  static float[] fixed(MoeConfig config, int experts) {
    int most = config.router().mostExperts();
    if (experts < 1 || experts > most) {
      throw new IllegalArgumentException(experts + " experts, expected 1 to " + most);
    }
    float[] limits = new float[config.numHiddenLayers() * (most - 1)];
    Arrays.fill(limits, NEVER);
    for (int layer = 0; layer < config.numHiddenLayers(); layer++) {
      int from = layer * (most - 1);
      Arrays.fill(limits, from, from + experts - 1, ALWAYS);
    }
    return limits;
  }

  /**
   * The limits under which the number of experts grows with the effective number of choices, exp(H)
   * of the router: a token gets k experts where {@code scale · exp(0.4 H)} rounds to k, and 1 at
   * least.
   */
  static float[] effective(MoeConfig config, double scale) {
    int most = config.router().mostExperts();
    double greatest = Math.log(config.router().numExperts());
    float[] limits = new float[config.numHiddenLayers() * (most - 1)];
    for (int i = 0; i < limits.length; i++) {
      int experts = i % (most - 1) + 1;
      limits[i] = (float) (Math.log((experts + 0.5) / scale) / POWER / greatest);
    }
    return limits;
  }
}
