package dev.millrace.model.config;

import java.util.List;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/** The fields that all families have, each with the family's default. */
final class CommonFields {
  private static final int MAX_SIZE = 1 << 24;
  private static final String EOS = "eos_token_id";

  /** What families call the number of experts. */
  private static final List<String> EXPERTS =
      List.of("num_experts", "num_local_experts", "n_routed_experts");

  /** Two names of one function. */
  private static final Set<String> SILU = Set.of("silu", "swish");

  /** The last two are transformers' own, of any family: what differs by layer, another file. */
  private static final List<String> UNSUPPORTED =
      List.of(
          "mlp_bias",
          "attn_logit_softcapping",
          "final_logit_softcapping",
          "router_bias",
          "per_layer_config",
          "transformers_weights");

  private final JsonFields json;

  CommonFields(JsonFields json) {
    this.json = json;
  }

  /** Refuses what no family of ours has, by name. */
  CommonFields requireSupported(String architecture) {
    if (json.has("hidden_act") && !SILU.contains(json.text("hidden_act"))) {
      throw json.invalid("hidden_act", "silu or swish, other activations are not supported");
    }
    if (!json.isOff("architectures") && !json.texts("architectures").contains(architecture)) {
      throw json.invalid("architectures", architecture);
    }
    for (String option : UNSUPPORTED) {
      if (!json.isOff(option)) {
        throw json.invalid(option, "it absent or off, it is not supported");
      }
    }
    if (!flag("is_causal", true)) {
      throw json.invalid("is_causal", "it absent or true: no token reads those behind it");
    }
    return this;
  }

  int size(String name, int fallback) {
    return json.orElse(name, fallback, j -> j.integer(name, 1, MAX_SIZE));
  }

  /** The same with another fallback where the field is null. */
  int size(String name, int absent, int none) {
    return json.orElse(name, absent, none, j -> j.integer(name, 1, MAX_SIZE));
  }

  /** The first of the names that is there. */
  int size(List<String> names, int fallback) {
    return names.stream()
        .filter(json::has)
        .findFirst()
        .map(n -> size(n, fallback))
        .orElse(fallback);
  }

  /** As Python takes them: null is false. */
  boolean flag(String name, boolean absent) {
    return json.orElse(name, absent, false, j -> j.bool(name));
  }

  /** Qwen's window: none where it is not used, whatever it then is, or where it is null. */
  int slidingWindow() {
    return flag("use_sliding_window", false)
        ? size("sliding_window", 4096, LayerConfig.NO_WINDOW)
        : LayerConfig.NO_WINDOW;
  }

  double eps(double fallback) {
    return json.orElse("rms_norm_eps", fallback, j -> j.number("rms_norm_eps", 1e-12, 1));
  }

  /**
   * One token, several, or none where it is null.
   *
   * @param absent where config.json does not name them
   */
  List<Integer> eosTokenId(int... absent) {
    return json.orElse(EOS, boxed(absent), List.of(), j -> eosTokens());
  }

  /** One token or several, where the field is there; what the vocabulary lacks ends nothing. */
  List<Integer> eosTokens() {
    int most = Integer.MAX_VALUE;
    return boxed(
        json.isList(EOS) ? json.integers(EOS, -1, most) : new int[] {json.integer(EOS, -1, most)});
  }

  private static List<Integer> boxed(int[] ids) {
    return IntStream.of(ids).boxed().toList();
  }

  /** The number of experts under any of its names, the same under each. */
  int experts(int fallback) {
    int experts = size(EXPERTS, fallback);
    for (String name : EXPERTS) {
      if (size(name, experts) != experts) {
        throw json.invalid(name, experts + ", as under its other name");
      }
    }
    return experts;
  }

  /**
   * Query heads, key and value heads, and the size of a head, checked against each other. A null
   * num_key_value_heads is num_attention_heads.
   *
   * @param keyValueHeads where config.json does not name them; 0 for num_attention_heads
   */
  AttentionConfig grouped(int hidden, int heads, int keyValueHeads, AttentionConfig.QkNorm norm) {
    int queries = size("num_attention_heads", heads);
    int keys = size("num_key_value_heads", keyValueHeads == 0 ? queries : keyValueHeads, queries);
    int headDim = size("head_dim", Math.max(1, hidden / queries));
    if (queries % keys != 0) {
      throw json.invalid("num_key_value_heads", "a divisor of num_attention_heads " + queries);
    }
    if (headDim % 2 != 0 || (!json.has("head_dim") && hidden % queries != 0)) {
      throw json.invalid(
          json.has("head_dim") ? "head_dim" : "num_attention_heads",
          "to divide hidden_size %d into heads of even size".formatted(hidden));
    }
    return AttentionConfig.grouped(queries, keys, headDim, norm);
  }

  int layerCount(int fallback) {
    return json.orElse("num_hidden_layers", fallback, j -> j.integer("num_hidden_layers", 1, 4096));
  }

  /** One entry a layer. */
  List<LayerConfig> layers(int fallback, IntFunction<LayerConfig> layer) {
    return IntStream.range(0, layerCount(fallback)).mapToObj(layer).toList();
  }

  /** Qwen's rule: every decoder_sparse_step-th layer, but those of mlp_only_layers. */
  boolean sparse(int layer) {
    int[] dense =
        json.orElse("mlp_only_layers", new int[0], j -> j.integers("mlp_only_layers", 0, MAX_SIZE));
    return (layer + 1) % size("decoder_sparse_step", 1) == 0
        && IntStream.of(dense).noneMatch(d -> d == layer);
  }

  /** Experts of a token, at most all of them. */
  int topK(int fallback, int experts) {
    int topK = size("num_experts_per_tok", fallback);
    if (topK > experts) {
      throw json.invalid("num_experts_per_tok", "at most num_experts " + experts);
    }
    return topK;
  }
}
