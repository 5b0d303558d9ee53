package dev.millrace.model.config;

import java.util.List;
import java.util.Set;
import java.util.function.IntPredicate;

/** Qwen2-MoE (arXiv 2407.10671); defaults are those of transformers' {@code Qwen2MoeConfig}. */
final class Qwen2MoeConfig implements ConfigFamily {
  private static final int LAYERS = 24;
  private static final String TYPES = "layer_types";
  private static final String FULL = "full_attention";
  private static final String SLIDING = "sliding_attention";

  @Override
  public String modelType() {
    return "qwen2_moe";
  }

  @Override
  public MoeConfig read(JsonFields json) {
    CommonFields fields = new CommonFields(json).requireSupported("Qwen2MoeForCausalLM");
    int hidden = fields.size("hidden_size", 2048);
    int positions = fields.size("max_position_embeddings", 32768);
    int experts = fields.experts(60);
    int window = fields.slidingWindow();
    IntPredicate slides = slides(json, fields);
    return new MoeConfig(
        modelType(),
        fields.size("vocab_size", 151936),
        hidden,
        positions,
        fields.eps(1e-6),
        fields.flag("tie_word_embeddings", false),
        fields
            .grouped(hidden, 16, 16, AttentionConfig.QkNorm.NONE)
            .withBias(fields.flag("qkv_bias", true), false),
        RopeReader.of(json, 10_000, positions).config(),
        RouterConfig.softmax(
            experts, fields.topK(4, experts), fields.flag("norm_topk_prob", false)),
        new ExpertsConfig(
            fields.size("moe_intermediate_size", 1408),
            fields.size("shared_expert_intermediate_size", 5632),
            true),
        fields.size("intermediate_size", 5632),
        fields.layers(
            LAYERS,
            layer ->
                new LayerConfig(
                    fields.sparse(layer), slides.test(layer) ? window : LayerConfig.NO_WINDOW)),
        WeightNames.MLP,
        Fp8Blocks.read(json),
        fields.eosTokenId());
  }

  /**
   * {@code layer_types} says it; where it is absent, every second layer below max_window_layers.
   */
  private static IntPredicate slides(JsonFields json, CommonFields fields) {
    if (!fields.flag("use_sliding_window", false)) {
      return layer -> false;
    }
    if (json.has(TYPES)) {
      List<String> types = json.texts(TYPES);
      int layers = fields.layerCount(LAYERS);
      if (types.size() != layers || !Set.of(FULL, SLIDING).containsAll(types)) {
        throw json.invalid(TYPES, "%s or %s, %d times".formatted(FULL, SLIDING, layers));
      }
      return layer -> types.get(layer).equals(SLIDING);
    }
    int below =
        json.orElse("max_window_layers", 28, j -> j.integer("max_window_layers", 0, 1 << 24));
    return layer -> (layer + 1) % 2 != 0 && layer < below;
  }
}
