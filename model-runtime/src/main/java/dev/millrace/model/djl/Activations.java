package dev.millrace.model.djl;

import dev.millrace.model.base.Computation;
import dev.millrace.model.base.Products;
import dev.millrace.model.config.AttentionConfig;
import dev.millrace.model.config.LayerConfig;
import dev.millrace.model.config.MoeConfig;

/**
 * The memory of a call that trains an adapter: what each token keeps until the backward pass, and
 * what one layer and one part of the head need while they run. `bench recompute` prints it beside
 * what was measured.
 */
public record Activations(MoeConfig config, Computation computation) {

  private static final long FLOAT = 4;

  /** Tensors of (part, vocab) that are alive at once: an adapter's and the base's logits and p. */
  private static final long OF_HEAD = 4;

  /** Rows of the width of the model that a layer's backward pass holds at once, each of a token. */
  private static final long IN_FLIGHT = 14;

  /**
   * What oneDNN keeps of products in bf16 from call to call, whichever the base: kernels, and its
   * last 1,024 primitives. So much on a few threads.
   */
  private static final long KEPT_BY_BF16 = 400L << 20;

  private static final int FEW_THREADS = 4;

  /** The same for each thread more. */
  private static final long KEPT_BY_BF16_A_THREAD = 25L << 20;

  /** Bytes that micro-batches of any size need. */
  public long fixedBytes() {
    return OF_HEAD * FLOAT * Math.max(1 << 20, config.vocabSize());
  }

  /** Bytes that each token needs: the most that any layer's backward pass finds kept. */
  public long bytesPerToken() {
    int layers = config.numHiddenLayers();
    int fronts = computation.recompute().fronts(layers);
    int experts = computation.recompute().experts(layers);
    long kept = 0;
    long most = 0;
    for (int i = 0; i < layers; i++) {
      LayerConfig layer = config.layers().get(i);
      long front = FLOAT * front(layer);
      kept += FLOAT * config.hiddenSize() + (i < fronts ? 0 : front);
      kept += i < experts ? 0 : inner(layer);
      most = Math.max(most, kept + (i < fronts ? front : 0));
    }
    return most + FLOAT * inFlight();
  }

  /** Tokens of each thread for which some bytes suffice; 0 if they do for none. */
  int tokensWithin(long bytes, int threads) {
    long kept = computation.products() == Products.BF16 ? keptByBf16(threads) : 0;
    long tokens = ((bytes - kept) / threads - fixedBytes()) / bytesPerToken();
    return (int) Math.max(0, Math.min(tokens, Integer.MAX_VALUE));
  }

  private static long keptByBf16(int threads) {
    return KEPT_BY_BF16 + KEPT_BY_BF16_A_THREAD * Math.max(0, threads - FEW_THREADS);
  }

  /** Bytes of a token that experts keep: gate and up. */
  private long inner(LayerConfig layer) {
    long of = computation.products() == Products.BF16 ? 2 : 4;
    return layer.sparse()
        ? of * 2 * config.router().topK() * config.experts().intermediateSize()
        : 0;
  }

  /** Floats of a token that autograd keeps of a layer: what norms, rotations and products saw. */
  private long front(LayerConfig layer) {
    AttentionConfig a = config.attention();
    long q = (long) a.numAttentionHeads() * Math.max(a.headDim(), a.valueHeadDim());
    long v = (long) a.numAttentionHeads() * a.valueHeadDim();
    long floats = 4L * config.hiddenSize() + 4 * q + 3 * v;
    long wide =
        layer.sparse() ? config.experts().sharedIntermediateSize() : config.intermediateSize();
    return floats + 5 * wide + (layer.sparse() ? 3L * config.router().numExperts() : 0);
  }

  /**
   * Floats of a token that come and go within one layer, if one expert reads all tokens. Its rows
   * of all experts stand side by side until they are summed.
   */
  private long inFlight() {
    AttentionConfig a = config.attention();
    long width = Math.max(config.hiddenSize(), (long) a.numAttentionHeads() * a.headDim());
    boolean sparse = config.layers().stream().anyMatch(LayerConfig::sparse);
    long byExpert = sparse ? (long) config.router().topK() * config.hiddenSize() : 0;
    return IN_FLIGHT * width + 6L * config.experts().intermediateSize() + byExpert;
  }
}
