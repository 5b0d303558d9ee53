package dev.millrace.model.config;

import java.util.regex.Pattern;

/**
 * DeepSeek-V2 (arXiv 2405.04434) as transformers computes it: {@code norm_topk_prob} has no effect.
 * Defaults are those of its {@code DeepseekV2Config}, which has none for the experts of a token.
 */
final class DeepseekV2Config implements ConfigFamily {
  private static final DeepseekConfig.Defaults DEFAULTS =
      new DeepseekConfig.Defaults(32000, 4096, 11008, 1407, 32, 0, 32, 64, 2, 2048, 2);

  private static final int MOST = 1 << 24;

  /** From 4.54, the first with this family, to 5.14. */
  private static final Pattern LEFT_OUT = Pattern.compile("(4\\.5[4-9]|5\\.(\\d|1[0-4]))(\\D.*)?");

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
    json.integer("num_experts_per_tok", 1, MOST);
    RouterConfig router =
        deepseek.router(
            RouterConfig.Scoring.SOFTMAX,
            false,
            deepseek.scaling(1),
            grouped ? json.integer("n_group", 1, MOST) : 1,
            grouped ? json.integer("topk_group", 1, MOST) : 1);
    return deepseek.read(modelType(), router, true, stretches(json));
  }

  /**
   * Whether stretched positions stretch the scale of q·k, as in DeepSeek's own code and in
   * transformers since its pull request 47435: not where a transformers wrote the file that leaves
   * that out.
   */
  private static boolean stretches(JsonFields json) {
    String version = "transformers_version";
    return !json.has(version) || !LEFT_OUT.matcher(json.text(version)).matches();
  }
}
