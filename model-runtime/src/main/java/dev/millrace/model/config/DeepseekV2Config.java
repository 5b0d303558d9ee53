package dev.millrace.model.config;

/**
 * DeepSeek-V2 (arXiv 2405.04434) as transformers computes it: {@code norm_topk_prob} has no effect,
 * and stretched positions leave the scale of q·k alone. Defaults are those of its {@code
 * DeepseekV2Config}.
 */
final class DeepseekV2Config implements ConfigFamily {
  private static final DeepseekConfig.Defaults DEFAULTS =
      new DeepseekConfig.Defaults(32000, 4096, 11008, 1407, 32, 0, 32, 64, 2, 2048, 2);

  @Override
  public String modelType() {
    return "deepseek_v2";
  }

  @Override
  public MoeConfig read(JsonFields json) {
    DeepseekConfig deepseek = new DeepseekConfig(json, "DeepseekV2ForCausalLM", DEFAULTS);
    deepseek.oneOf("scoring_func", "softmax");
    boolean grouped =
        deepseek
            .oneOf("topk_method", "greedy", "group_limited_greedy")
            .equals("group_limited_greedy");
    CommonFields fields = deepseek.fields();
    RouterConfig router =
        deepseek.router(
            RouterConfig.Scoring.SOFTMAX,
            false,
            deepseek.scaling(1),
            grouped ? fields.size("n_group", 1) : 1,
            grouped ? fields.size("topk_group", 1) : 1);
    return deepseek.read(modelType(), router, true, false);
  }
}
