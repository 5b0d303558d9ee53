package dev.millrace.model.config;

/** Qwen3-MoE (arXiv 2505.09388); defaults are those of transformers' {@code Qwen3MoeConfig}. */
final class Qwen3MoeConfig implements ConfigFamily {

  @Override
  public String modelType() {
    return "qwen3_moe";
  }

  @Override
  public MoeConfig read(JsonFields json) {
    CommonFields fields = new CommonFields(json).requireSupported("Qwen3MoeForCausalLM");
    int hidden = fields.size("hidden_size", 2048);
    int positions = fields.size("max_position_embeddings", 32768);
    int experts = fields.experts(128);
    int window = fields.slidingWindow();
    boolean bias = fields.flag("attention_bias", false);
    return new MoeConfig(
        modelType(),
        fields.size("vocab_size", 151936),
        hidden,
        positions,
        fields.eps(1e-6),
        fields.flag("tie_word_embeddings", false),
        fields.grouped(hidden, 32, 4, AttentionConfig.QkNorm.HEAD).withBias(bias, bias),
        RopeReader.of(json, 10_000, positions).config(),
        RouterConfig.softmax(
            experts, fields.topK(8, experts), fields.flag("norm_topk_prob", false)),
        new ExpertsConfig(fields.size("moe_intermediate_size", 768), 0, false),
        fields.size("intermediate_size", 6144),
        fields.layers(24, layer -> new LayerConfig(fields.sparse(layer), window)),
        WeightNames.MLP,
        Fp8Blocks.read(json),
        fields.eosTokenId());
  }
}
