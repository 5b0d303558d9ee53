package dev.millrace.model.simd;

import dev.millrace.model.config.AttentionConfig;
import dev.millrace.model.config.LayerConfig;
import dev.millrace.model.config.MoeConfig;
import dev.millrace.model.config.RouterConfig;
import java.util.List;

/**
 * The weights of a small base, as {@link SimdStep} reads them.
 *
 * @param embedding (vocab, d)
 * @param norm the last one's weights
 * @param cos (max_position_embeddings, head_dim)
 * @param sin the same, its first half negative
 * @param head (vocab, d)
 */
public record SimdBase(
    MoeConfig config,
    float[] embedding,
    float[] norm,
    float[] cos,
    float[] sin,
    List<Layer> layers,
    Int8Matrix head) {

  /**
   * A layer's weights.
   *
   * @param qNorm empty where queries and keys are not normalised
   * @param qkv of queries, keys and values
   */
  public record Layer(
      float[] inputNorm,
      float[] postNorm,
      float[] qNorm,
      float[] kNorm,
      Int8Matrix qkv,
      Int8Matrix o,
      Experts experts) {}

  /**
   * The sparse part of a layer.
   *
   * @param router (d, experts)
   * @param gateUp one an expert, (2 · width of an expert, d): the gate's rows, then up's
   * @param down one an expert, (d, width of an expert)
   */
  public record Experts(float[] router, List<Int8Matrix> gateUp, List<Int8Matrix> down) {}

  /**
   * Whether a base of this shape can be: grouped-query attention and experts, in whole registers.
   */
  public static boolean canBe(MoeConfig config) {
    AttentionConfig a = config.attention();
    RouterConfig router = config.router();
    return a.latent() == null
        && !a.inputBias()
        && !a.outputBias()
        && router.scoring() == RouterConfig.Scoring.SOFTMAX
        && router.groups() == 1
        && router.adaptable()
        && router.routedScalingFactor() == 1
        && config.layers().stream().allMatch(LayerConfig::sparse)
        && config.experts().sharedIntermediateSize() == 0
        && isWhole(config);
  }

  private static boolean isWhole(MoeConfig config) {
    AttentionConfig a = config.attention();
    int heads = a.numAttentionHeads() + 2 * a.numKeyValueHeads();
    return a.headDim() % Lanes.GROUP == 0
        && config.router().numExperts() % Lanes.GROUP == 0
        && config.hiddenSize() % Int8Matrix.WHOLE == 0
        && config.vocabSize() % Int8Matrix.WHOLE == 0
        && heads * a.headDim() % Int8Matrix.WHOLE == 0
        && 2 * config.experts().intermediateSize() % Int8Matrix.WHOLE == 0;
  }
}
