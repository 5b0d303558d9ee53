package dev.millrace.model.config;

import org.jspecify.annotations.Nullable;

/**
 * Attention of every layer.
 *
 * @param numKeyValueHeads divides the number of query heads
 * @param headDim of queries and keys
 * @param valueHeadDim of values
 * @param inputBias q, k and v (with latent attention: the first projections) have a bias
 * @param outputBias the output projection has a bias
 * @param clipQkv bound on |q|, |k|, |v|; infinite for none
 * @param scale factor on q·k before the softmax
 * @param latent low-rank projections; null for grouped-query attention
 */
public record AttentionConfig(
    int numAttentionHeads,
    int numKeyValueHeads,
    int headDim,
    int valueHeadDim,
    boolean inputBias,
    boolean outputBias,
    QkNorm qkNorm,
    double clipQkv,
    double scale,
    @Nullable LatentConfig latent) {

  /** Where queries and keys are normalised. */
  public enum QkNorm {
    NONE,
    /** Over all heads together (OLMoE). */
    ALL,
    /** Each head by itself (Qwen3). */
    HEAD
  }

  /** Grouped-query attention without biases and clipping. */
  static AttentionConfig grouped(int heads, int keyValueHeads, int headDim, QkNorm norm) {
    return new AttentionConfig(
        heads,
        keyValueHeads,
        headDim,
        headDim,
        false,
        false,
        norm,
        Double.POSITIVE_INFINITY,
        1 / Math.sqrt(headDim),
        null);
  }

  AttentionConfig withBias(boolean input, boolean output) {
    return with(input, output, clipQkv);
  }

  AttentionConfig withClip(double bound) {
    return with(inputBias, outputBias, bound);
  }

  private AttentionConfig with(boolean input, boolean output, double bound) {
    return new AttentionConfig(
        numAttentionHeads,
        numKeyValueHeads,
        headDim,
        valueHeadDim,
        input,
        output,
        qkNorm,
        bound,
        scale,
        latent);
  }

  /** Features of the rotary embedding. */
  public int ropeDim() {
    return latent == null ? headDim : latent.qkRopeHeadDim();
  }
}
