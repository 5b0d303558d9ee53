package dev.millrace.model.config;

import com.fasterxml.jackson.databind.node.ObjectNode;

/** OLMoE (arXiv 2409.02060); defaults are those of transformers' {@code OlmoeConfig}. */
final class OlmoeConfig implements ConfigFamily {
  private static final int MAX_SIZE = 1 << 24;

  @Override
  public String modelType() {
    return "olmoe";
  }

  @Override
  public MoeConfig read(JsonFields json) {
    requireSupported(json);
    int heads = size(json, "num_attention_heads", 16);
    int hidden = size(json, "hidden_size", 2048);
    MoeConfig config =
        new MoeConfig(
            modelType(),
            size(json, "vocab_size", 50304),
            hidden,
            size(json, "intermediate_size", 2048),
            size(json, "num_hidden_layers", 16),
            heads,
            size(json, "num_key_value_heads", heads),
            size(json, "head_dim", hidden / heads),
            size(json, "num_experts", 64),
            size(json, "num_experts_per_tok", 8),
            flag(json, "norm_topk_prob"),
            json.orElse("rms_norm_eps", 1e-5, j -> j.number("rms_norm_eps", 1e-12, 1)),
            Rope.theta(json, 10_000),
            size(json, "max_position_embeddings", 4096),
            flag(json, "tie_word_embeddings"),
            json.orElse("clip_qkv", Double.POSITIVE_INFINITY, OlmoeConfig::clip));
    requireConsistent(json, config);
    return config;
  }

  private static double clip(JsonFields json) {
    return json.number("clip_qkv", Double.MIN_VALUE, Float.MAX_VALUE);
  }

  private static int size(JsonFields json, String name, int fallback) {
    return json.orElse(name, fallback, j -> j.integer(name, 1, MAX_SIZE));
  }

  private static boolean flag(JsonFields json, String name) {
    return json.orElse(name, false, j -> j.bool(name));
  }

  private static void requireSupported(JsonFields json) {
    if (flag(json, "attention_bias")) {
      throw json.invalid("attention_bias", "false, biases are not supported");
    }
    if (json.has("hidden_act") && !json.text("hidden_act").equals("silu")) {
      throw json.invalid("hidden_act", "silu, other activations are not supported");
    }
    if (json.has("quantization_config")) {
      throw json.invalid("quantization_config", "nothing, quantized checkpoints are not supported");
    }
    if (json.has("architectures") && !json.texts("architectures").contains("OlmoeForCausalLM")) {
      throw json.invalid("architectures", "OlmoeForCausalLM");
    }
  }

  private static void requireConsistent(JsonFields json, MoeConfig config) {
    if ((long) config.headDim() * config.numAttentionHeads() != config.hiddenSize()
        || config.headDim() % 2 != 0) {
      throw json.invalid(
          "num_attention_heads",
          "to divide hidden_size %d into heads of even size".formatted(config.hiddenSize()));
    }
    if (config.numAttentionHeads() % config.numKeyValueHeads() != 0) {
      throw json.invalid(
          "num_key_value_heads", "a divisor of num_attention_heads " + config.numAttentionHeads());
    }
    if (config.numExpertsPerTok() > config.numExperts()) {
      throw json.invalid("num_experts_per_tok", "at most num_experts " + config.numExperts());
    }
  }

  @Override
  public void write(MoeConfig config, ObjectNode json) {
    json.putArray("architectures").add("OlmoeForCausalLM");
    json.put("attention_bias", false);
    json.put("attention_dropout", 0.0);
    json.putNull("bos_token_id");
    if (Double.isInfinite(config.clipQkv())) {
      json.putNull("clip_qkv");
    } else {
      json.put("clip_qkv", config.clipQkv());
    }
    json.putNull("eos_token_id");
    json.put("hidden_act", "silu");
    json.put("hidden_size", config.hiddenSize());
    json.put("initializer_range", 0.02);
    json.put("intermediate_size", config.intermediateSize());
    json.put("max_position_embeddings", config.maxPositionEmbeddings());
    json.put("norm_topk_prob", config.normTopkProb());
    json.put("num_attention_heads", config.numAttentionHeads());
    json.put("num_experts", config.numExperts());
    json.put("num_experts_per_tok", config.numExpertsPerTok());
    json.put("num_hidden_layers", config.numHiddenLayers());
    json.put("num_key_value_heads", config.numKeyValueHeads());
    json.put("output_router_logits", false);
    json.putNull("pad_token_id");
    json.put("rms_norm_eps", config.rmsNormEps());
    Rope.write(config.ropeTheta(), json);
    json.put("router_aux_loss_coef", 0.01);
    json.put("tie_word_embeddings", config.tieWordEmbeddings());
    json.put("use_cache", true);
    json.put("vocab_size", config.vocabSize());
  }
}
