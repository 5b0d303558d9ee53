package dev.millrace.model.config;

/** What DeepSeek-V2 and V3 have in common: latent attention, first dense layers, shared experts. */
final class DeepseekConfig {
  private static final int Q_LORA_RANK = 1536;

  private final JsonFields json;
  private final CommonFields fields;
  private final Defaults defaults;

  /**
   * What a family has where config.json names nothing.
   *
   * @param expert moe_intermediate_size
   * @param dense first_k_dense_replace
   */
  record Defaults(
      int vocab,
      int hidden,
      int intermediate,
      int expert,
      int layers,
      int dense,
      int heads,
      int routedExperts,
      int sharedExperts,
      int positions,
      int eosTokenId) {}

  DeepseekConfig(JsonFields json, String architecture, Defaults defaults) {
    this.json = json;
    this.fields = new CommonFields(json).requireSupported(architecture);
    this.defaults = defaults;
    if (json.has("moe_layer_freq")) {
      json.integer("moe_layer_freq", 1, 1);
    }
  }

  CommonFields fields() {
    return fields;
  }

  /**
   * The whole configuration.
   *
   * @param softmaxFactor the scale of q·k is stretched with the positions
   */
  MoeConfig read(String modelType, RouterConfig router, boolean interleave, boolean softmaxFactor) {
    int positions = fields.size("max_position_embeddings", defaults.positions);
    int firstSparse =
        json.orElse(
            "first_k_dense_replace",
            defaults.dense,
            j -> j.integer("first_k_dense_replace", 0, 4096));
    int expert = fields.size("moe_intermediate_size", defaults.expert);
    int shared =
        json.orElse(
            "n_shared_experts",
            defaults.sharedExperts,
            0,
            j -> j.integer("n_shared_experts", 0, 1024));
    RopeReader rope = RopeReader.of(json, 10_000, positions);
    return new MoeConfig(
        modelType,
        fields.size("vocab_size", defaults.vocab),
        fields.size("hidden_size", defaults.hidden),
        positions,
        fields.eps(1e-6),
        fields.flag("tie_word_embeddings", false),
        attention(interleave, softmaxFactor ? rope.softmaxFactor() : 1),
        rope.config(),
        router,
        new ExpertsConfig(expert, shared * expert, false),
        fields.size("intermediate_size", defaults.intermediate),
        fields.layers(
            defaults.layers, layer -> new LayerConfig(layer >= firstSparse, LayerConfig.NO_WINDOW)),
        WeightNames.DEEPSEEK,
        Fp8Blocks.read(json),
        fields.eosTokenId(defaults.eosTokenId));
  }

  private AttentionConfig attention(boolean interleave, double softmaxFactor) {
    int heads = fields.size("num_attention_heads", defaults.heads);
    if (fields.size("num_key_value_heads", heads, heads) != heads) {
      throw json.invalid("num_key_value_heads", "num_attention_heads " + heads);
    }
    LatentConfig latent =
        new LatentConfig(
            json.orElse("q_lora_rank", Q_LORA_RANK, 0, j -> j.integer("q_lora_rank", 1, 1 << 20)),
            fields.size("kv_lora_rank", 512),
            fields.size("qk_nope_head_dim", 128),
            fields.size("qk_rope_head_dim", 64),
            interleave);
    if (latent.qkRopeHeadDim() % 2 != 0) {
      throw json.invalid("qk_rope_head_dim", "an even number");
    }
    int headDim = latent.qkNopeHeadDim() + latent.qkRopeHeadDim();
    boolean bias = fields.flag("attention_bias", false);
    return new AttentionConfig(
        heads,
        heads,
        headDim,
        fields.size("v_head_dim", 128),
        bias,
        bias,
        AttentionConfig.QkNorm.NONE,
        Double.POSITIVE_INFINITY,
        softmaxFactor / Math.sqrt(headDim),
        latent);
  }

  /**
   * The groups of experts, checked: they divide the experts. A token may get more experts than its
   * groups hold; those of the other groups fill the rest.
   */
  RouterConfig router(
      RouterConfig.Scoring scoring, boolean norm, double scaling, int groups, int topkGroups) {
    int experts = fields.experts(defaults.routedExperts);
    int topK = fields.topK(8, experts);
    if (experts % groups != 0) {
      throw json.invalid("n_group", "a divisor of n_routed_experts " + experts);
    }
    if (topkGroups > groups) {
      throw json.invalid("topk_group", "at most n_group " + groups);
    }
    if (scoring == RouterConfig.Scoring.SIGMOID && groups > 1 && experts / groups < 2) {
      throw json.invalid("n_group", "groups of two experts or more");
    }
    boolean adaptable = scoring == RouterConfig.Scoring.SIGMOID;
    return new RouterConfig(experts, topK, scoring, norm, scaling, groups, topkGroups, adaptable);
  }

  double scaling(double fallback) {
    return json.orElse(
        "routed_scaling_factor", fallback, j -> j.number("routed_scaling_factor", 0, 1e6));
  }

  /** {@code topk_method} or {@code scoring_func}, where it is there, must be one of these. */
  String oneOf(String name, String... values) {
    String value = json.has(name) ? json.text(name) : values[0];
    for (String known : values) {
      if (known.equals(value)) {
        return value;
      }
    }
    throw json.invalid(name, String.join(" or ", values));
  }
}
