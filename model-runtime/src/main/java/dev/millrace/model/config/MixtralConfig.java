package dev.millrace.model.config;

/** Mixtral (arXiv 2401.04088); defaults are those of transformers' {@code MixtralConfig}. */
final class MixtralConfig implements ConfigFamily {

  @Override
  public String modelType() {
    return "mixtral";
  }

  @Override
  public MoeConfig read(JsonFields json) {
    CommonFields fields = new CommonFields(json).requireSupported("MixtralForCausalLM");
    int hidden = fields.size("hidden_size", 4096);
    int intermediate = fields.size("intermediate_size", 14336);
    int positions = fields.size("max_position_embeddings", 4096 * 32);
    int experts = fields.experts(8);
    int window = fields.size("sliding_window", LayerConfig.NO_WINDOW);
    return new MoeConfig(
        modelType(),
        fields.size("vocab_size", 32000),
        hidden,
        positions,
        fields.eps(1e-5),
        fields.flag("tie_word_embeddings", false),
        fields.grouped(hidden, 32, 8, AttentionConfig.QkNorm.NONE),
        RopeReader.of(json, 1_000_000, positions).config(),
        RouterConfig.softmax(experts, fields.topK(2, experts), true),
        new ExpertsConfig(intermediate, 0, false),
        intermediate,
        fields.layers(32, layer -> new LayerConfig(true, window)),
        WeightNames.MIXTRAL,
        Fp8Blocks.read(json),
        fields.eosTokenId(2));
  }
}
