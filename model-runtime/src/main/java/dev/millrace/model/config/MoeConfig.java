package dev.millrace.model.config;

import java.util.Collections;
import java.util.List;

/**
 * The shape of a decoder-only Mixture-of-Experts model, in HuggingFace's names.
 *
 * @param maxPositionEmbeddings longest sequence, tokens
 * @param intermediateSize of the dense layers
 * @param layers one entry a layer
 * @param names what the family calls its tensors
 * @param fp8 block scales of its FP8 weights
 * @param eosTokenId the tokens that end a text, each by itself
 */
public record MoeConfig(
    String modelType,
    int vocabSize,
    int hiddenSize,
    int maxPositionEmbeddings,
    double rmsNormEps,
    boolean tieWordEmbeddings,
    AttentionConfig attention,
    RopeConfig rope,
    RouterConfig router,
    ExpertsConfig experts,
    int intermediateSize,
    List<LayerConfig> layers,
    WeightNames names,
    Fp8Blocks fp8,
    List<Integer> eosTokenId) {

  /** The sizes by which OLMoE-shaped models differ from each other. */
  public record OlmoeShape(
      int vocabSize,
      int hiddenSize,
      int intermediateSize,
      int numHiddenLayers,
      int numAttentionHeads,
      int numExperts,
      int numExpertsPerTok,
      int maxPositionEmbeddings) {}

  /** An OLMoE-shaped model: every layer sparse, as many key as query heads, all options off. */
  public static MoeConfig olmoe(OlmoeShape shape) {
    int headDim = shape.hiddenSize / shape.numAttentionHeads;
    return new MoeConfig(
        OlmoeConfig.MODEL_TYPE,
        shape.vocabSize,
        shape.hiddenSize,
        shape.maxPositionEmbeddings,
        1e-5,
        false,
        AttentionConfig.grouped(
            shape.numAttentionHeads, shape.numAttentionHeads, headDim, AttentionConfig.QkNorm.ALL),
        RopeConfig.plain(10_000),
        RouterConfig.softmax(shape.numExperts, shape.numExpertsPerTok, false),
        new ExpertsConfig(shape.intermediateSize, 0, false),
        shape.intermediateSize,
        Collections.nCopies(shape.numHiddenLayers, LayerConfig.SPARSE),
        WeightNames.MLP,
        Fp8Blocks.NONE,
        List.of());
  }

  /** Whether it can be {@link #pruned}: all of it has OLMoE's shape, without options. */
  public boolean isPrunable() {
    return modelType.equals(OlmoeConfig.MODEL_TYPE)
        && attention.numKeyValueHeads() == attention.numAttentionHeads()
        && !attention.inputBias();
  }

  /** The same with fewer heads, and as much narrower, and with fewer experts, of another size. */
  public MoeConfig pruned(int heads, int numExperts, int expertSize) {
    return new MoeConfig(
        modelType,
        vocabSize,
        heads * attention.headDim(),
        maxPositionEmbeddings,
        rmsNormEps,
        tieWordEmbeddings,
        AttentionConfig.grouped(heads, heads, attention.headDim(), attention.qkNorm())
            .withClip(attention.clipQkv()),
        rope,
        RouterConfig.softmax(
            numExperts, Math.min(router.topK(), numExperts), router.normTopkProb()),
        new ExpertsConfig(expertSize, 0, false),
        expertSize,
        layers,
        names,
        Fp8Blocks.NONE,
        eosTokenId);
  }

  /** The same with one matrix for embedding and head. */
  public MoeConfig withTiedEmbeddings() {
    return with(maxPositionEmbeddings, true, router, eosTokenId);
  }

  /** The same with a head of its own. */
  public MoeConfig withOwnHead() {
    return with(maxPositionEmbeddings, false, router, eosTokenId);
  }

  /** The same with other tokens that end a text. */
  public MoeConfig withEosTokenId(List<Integer> ids) {
    return with(maxPositionEmbeddings, tieWordEmbeddings, router, ids);
  }

  /**
   * The same where a token may use experts of few groups only, those whose best expert it likes
   * best.
   *
   * @param groups equal groups of experts
   * @param topkGroups that a token may use
   */
  public MoeConfig withGroups(int groups, int topkGroups) {
    if (groups < 1
        || router.numExperts() % groups != 0
        || topkGroups < 1
        || topkGroups > groups
        || router.numExperts() / groups * topkGroups < router.topK()) {
      throw new IllegalArgumentException(
          "%d of %d groups of %d experts, expected equal groups with room for %d experts"
              .formatted(topkGroups, groups, router.numExperts(), router.topK()));
    }
    return with(
        maxPositionEmbeddings,
        tieWordEmbeddings,
        new RouterConfig(
            router.numExperts(),
            router.topK(),
            router.scoring(),
            router.normTopkProb(),
            router.routedScalingFactor(),
            groups,
            topkGroups,
            router.adaptable()),
        eosTokenId);
  }

  /**
   * The same for texts of so many tokens, longer ones than it says among them.
   *
   * @throws IllegalArgumentException if positions up there depend on how long a text is
   */
  public MoeConfig withRoomFor(int tokens) {
    if (tokens <= maxPositionEmbeddings) {
      return this;
    }
    if (rope.scaling() instanceof RopeConfig.Dynamic) {
      throw new IllegalArgumentException(
          ("a text has %d tokens, expected at most max_position_embeddings, %d:"
                  + " longer ones are not supported with dynamic rope_scaling")
              .formatted(tokens, maxPositionEmbeddings));
    }
    return with(tokens, tieWordEmbeddings, router, eosTokenId);
  }

  private MoeConfig with(int positions, boolean tied, RouterConfig otherRouter, List<Integer> eos) {
    return new MoeConfig(
        modelType,
        vocabSize,
        hiddenSize,
        positions,
        rmsNormEps,
        tied,
        attention,
        rope,
        otherRouter,
        experts,
        intermediateSize,
        layers,
        names,
        fp8,
        eos);
  }

  public int numHiddenLayers() {
    return layers.size();
  }

  public int numExpertsPerTok() {
    return router.topK();
  }
}
