package dev.millrace.model.simd;

import dev.millrace.model.config.MoeConfig;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A mixture of experts as {@link SimdStep} runs it, and one dense feed-forward layer by the same
 * products: for measuring. For one thread.
 */
public final class SimdFeedForwards {

  private static final float[] TOP_K = {};
  private static final float[] NONE = {};
  private static final int[] NOTHING = {};

  private final int d;
  private final SimdExperts mixture;
  private final SimdBase.Experts experts;
  private final Int8Matrix gateUp;
  private final Int8Matrix down;
  private float[] both = {};
  private float[] gated = {};

  /**
   * @param experts of the mixture
   * @param gateUp the dense layer's, (2 · its width, d): the gate's rows, then up's
   * @param down the dense layer's, (d, its width)
   */
  public SimdFeedForwards(
      MoeConfig config, SimdBase.Experts experts, Int8Matrix gateUp, Int8Matrix down) {
    this.d = config.hiddenSize();
    this.mixture = new SimdExperts(config);
    this.experts = experts;
    this.gateUp = gateUp;
    this.down = down;
  }

  /**
   * Router, experts, sum.
   *
   * @param x (rows, d)
   * @return (rows, d)
   */
  public float[] mixture(float[] x) {
    int n = x.length / d;
    float[][] limits = new float[n][];
    Arrays.fill(limits, TOP_K);
    @Nullable SimdAdapter[] adapters = new SimdAdapter[n];
    float[] y = new float[x.length];
    mixture.add(
        0,
        experts,
        new SimdStep.Rows(new int[n], NONE, NOTHING, NOTHING, adapters, limits, NOTHING),
        x,
        y);
    return y;
  }

  /**
   * The dense layer.
   *
   * @param x (rows, d)
   * @return (rows, d)
   */
  public float[] dense(float[] x) {
    int n = x.length / d;
    int inner = down.columns();
    if (gated.length < n * inner) {
      both = new float[2 * n * inner];
      gated = new float[n * inner];
    }
    gateUp.times(x, both, n);
    for (int r = 0; r < n; r++) {
      Lanes.gate(both, r * 2 * inner, inner, gated, r * inner);
    }
    float[] y = new float[x.length];
    down.times(gated, y, n);
    return y;
  }
}
