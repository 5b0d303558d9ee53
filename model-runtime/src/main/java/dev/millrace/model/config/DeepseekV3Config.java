package dev.millrace.model.config;

/** DeepSeek-V3 (arXiv 2412.19437); defaults are those of transformers' {@code DeepseekV3Config}. */
final class DeepseekV3Config implements ConfigFamily {
  private static final DeepseekConfig.Defaults DEFAULTS =
      new DeepseekConfig.Defaults(129280, 7168, 18432, 2048, 61, 3, 128, 256, 1, 4096, 1);

  @Override
  public String modelType() {
    return "deepseek_v3";
  }

  @Override
  public MoeConfig read(JsonFields json) {
    DeepseekConfig deepseek = new DeepseekConfig(json, "DeepseekV3ForCausalLM", DEFAULTS);
    deepseek.oneOf("scoring_func", "sigmoid");
    deepseek.oneOf("topk_method", "noaux_tc");
    CommonFields fields = deepseek.fields();
    RouterConfig router =
        deepseek.router(
            RouterConfig.Scoring.SIGMOID,
            fields.flag("norm_topk_prob", true),
            deepseek.scaling(2.5),
            fields.size("n_group", 8),
            fields.size("topk_group", 4));
    return deepseek.read(modelType(), router, fields.flag("rope_interleave", true), true);
  }
}
