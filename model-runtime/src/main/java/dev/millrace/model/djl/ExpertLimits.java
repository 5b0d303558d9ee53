package dev.millrace.model.djl;

import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import dev.millrace.model.config.MoeConfig;
import dev.millrace.model.config.RouterConfig;
import dev.millrace.model.release.Routing;
import java.util.Arrays;
import java.util.List;

/**
 * From which square on a token's second, third … likeliest expert is taken: (most − 1), the same
 * for all layers. What is compared is the expert's probability times that of all of the top k from
 * it on: about the square of what the token would lose.
 */
final class ExpertLimits {

  private static final float ALWAYS = 0;
  private static final float NEVER = 2;

  private ExpertLimits() {}

  /** A routing's limits; empty for the base's own top k. */
  static float[] of(Routing routing, RouterConfig router) {
    return switch (routing.policy()) {
      case Routing.ENTROPY -> from(routing.threshold(), router);
      case Routing.FIXED -> fixed(routing.topK(), router);
      default -> new float[0];
    };
  }

  /** The limits of a threshold, which is not squared. */
  static float[] from(double threshold, RouterConfig router) {
    float[] limits = new float[router.mostExperts() - 1];
    Arrays.fill(limits, (float) (threshold * threshold));
    return limits;
  }

  private static float[] fixed(int experts, RouterConfig router) {
    float[] limits = from(NEVER, router);
    Arrays.fill(limits, 0, experts - 1, ALWAYS);
    return limits;
  }

  /**
   * (rows, limits) as programs take them: of each row, of which an empty one takes the top k. There
   * are no rows where all do.
   */
  static PtNDArray array(PtNDManager scope, List<float[]> rows, MoeConfig config) {
    RouterConfig router = config.router();
    int n = router.mostExperts() - 1;
    int count = rows.stream().allMatch(row -> row.length == 0) ? 0 : rows.size();
    float[] all = new float[count * n];
    for (int i = 0; i < count; i++) {
      float[] row = rows.get(i).length == 0 ? fixed(router.topK(), router) : rows.get(i);
      System.arraycopy(row, 0, all, i * n, n);
    }
    return (PtNDArray) scope.create(all, new Shape(count, n));
  }
}
