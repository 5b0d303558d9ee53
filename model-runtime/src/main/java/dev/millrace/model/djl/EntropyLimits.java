package dev.millrace.model.djl;

import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import dev.millrace.model.config.MoeConfig;
import dev.millrace.model.release.Routing;
import java.util.Arrays;
import java.util.List;

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
    int each = config.router().mostExperts() - 1;
    float[] limits = new float[size(config)];
    Arrays.fill(limits, NEVER);
    for (int from = 0; from < limits.length; from += each) {
      Arrays.fill(limits, from, from + config.router().topK() - 1, ALWAYS);
    }
    return limits;
  }

  private static int size(MoeConfig config) {
    return config.numHiddenLayers() * (config.router().mostExperts() - 1);
  }

  /**
   * (rows, limits) as programs take them: of each row, of which an empty one takes the top k. There
   * are no rows where all do.
   */
  static PtNDArray array(PtNDManager scope, List<float[]> rows, MoeConfig config) {
    int n = size(config);
    int count = rows.stream().allMatch(row -> row.length == 0) ? 0 : rows.size();
    float[] all = new float[count * n];
    for (int i = 0; i < count; i++) {
      float[] row = rows.get(i).length == 0 ? topK(config) : rows.get(i);
      System.arraycopy(row, 0, all, i * n, n);
    }
    return (PtNDArray) scope.create(all, new Shape(count, n));
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
