package dev.millrace.model.djl;

import dev.millrace.model.config.MoeConfig;
import dev.millrace.model.release.Routing;
import java.util.Arrays;

/**
 * From which entropies on a token gets one expert more than one, as shares of the greatest possible
 * entropy, which is 1: (layers, most − 1), flat.
 */
final class EntropyLimits {

  private static final float ALWAYS = -1;
  private static final float NEVER = 2;

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

  /** The limits under which the number of experts follows the entropy of the router. */
  static float[] effective(MoeConfig config, double scale) {
    return of(Routing.entropy(config, 1, scale));
  }

  /** A routing's limits; empty for the top k. */
  static float[] of(Routing routing) {
    float[] limits = new float[routing.limits().size()];
    for (int i = 0; i < limits.length; i++) {
      limits[i] = (float) (double) routing.limits().get(i);
    }
    return limits;
  }
}
