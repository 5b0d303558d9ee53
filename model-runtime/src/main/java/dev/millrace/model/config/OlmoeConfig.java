package dev.millrace.model.config;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/** OLMoE (arXiv 2409.02060); defaults are those of transformers' {@code OlmoeConfig}. */
final class OlmoeConfig implements ConfigFamily {
  static final String MODEL_TYPE = "olmoe";

  @Override
  public String modelType() {
    return MODEL_TYPE;
  }

  @Override
  public MoeConfig read(JsonFields json) {
    CommonFields fields = new CommonFields(json).requireSupported("OlmoeForCausalLM");
    int hidden = fields.size("hidden_size", 2048);
    int intermediate = fields.size("intermediate_size", 2048);
    int positions = fields.size("max_position_embeddings", 4096);
    int experts = fields.experts(64);
    boolean bias = fields.flag("attention_bias", false);
    return new MoeConfig(
        MODEL_TYPE,
        fields.size("vocab_size", 50304),
        hidden,
        positions,
        fields.eps(1e-5),
        fields.flag("tie_word_embeddings", false),
        attention(json, fields, hidden).withBias(bias, bias),
        RopeReader.of(json, 10_000, positions).config(),
        RouterConfig.softmax(
            experts, fields.topK(8, experts), fields.flag("norm_topk_prob", false)),
        new ExpertsConfig(intermediate, 0, false),
        intermediate,
        fields.layers(16, layer -> LayerConfig.SPARSE),
        WeightNames.MLP,
        Fp8Blocks.read(json),
        fields.eosTokenId(50279));
  }

  /** The norms of q and k go over all heads, which therefore have the hidden size together. */
  private static AttentionConfig attention(JsonFields json, CommonFields fields, int hidden) {
    AttentionConfig attention = fields.grouped(hidden, 16, 0, AttentionConfig.QkNorm.ALL);
    if (attention.headDim() * attention.numAttentionHeads() != hidden) {
      throw json.invalid(
          "num_attention_heads",
          "to divide hidden_size %d into heads of even size".formatted(hidden));
    }
    return attention.withClip(
        json.orElse(
            "clip_qkv",
            Double.POSITIVE_INFINITY,
            j -> j.number("clip_qkv", Double.MIN_VALUE, Float.MAX_VALUE)));
  }

  /** Writes what {@link #read} reads, and what HuggingFace wants beside it. */
  static void write(MoeConfig config, ObjectNode json) {
    AttentionConfig attention = config.attention();
    json.putArray("architectures").add("OlmoeForCausalLM");
    json.put("attention_bias", attention.inputBias());
    json.put("attention_dropout", 0.0);
    json.putNull("bos_token_id");
    if (Double.isInfinite(attention.clipQkv())) {
      json.putNull("clip_qkv");
    } else {
      json.put("clip_qkv", attention.clipQkv());
    }
    writeEosTokenId(config.eosTokenId(), json);
    json.put("hidden_act", "silu");
    json.put("hidden_size", config.hiddenSize());
    json.put("initializer_range", 0.02);
    json.put("intermediate_size", config.experts().intermediateSize());
    json.put("max_position_embeddings", config.maxPositionEmbeddings());
    json.put("norm_topk_prob", config.router().normTopkProb());
    json.put("num_attention_heads", attention.numAttentionHeads());
    json.put("num_experts", config.router().numExperts());
    json.put("num_experts_per_tok", config.router().topK());
    json.put("num_hidden_layers", config.numHiddenLayers());
    json.put("num_key_value_heads", attention.numKeyValueHeads());
    json.put("output_router_logits", false);
    json.putNull("pad_token_id");
    json.put("rms_norm_eps", config.rmsNormEps());
    RopeReader.write(config.rope(), json);
    json.put("router_aux_loss_coef", 0.01);
    json.put("tie_word_embeddings", config.tieWordEmbeddings());
    json.put("use_cache", true);
    json.put("vocab_size", config.vocabSize());
  }

  private static void writeEosTokenId(List<Integer> ids, ObjectNode json) {
    String name = "eos_token_id";
    switch (ids.size()) {
      case 0 -> json.putNull(name);
      case 1 -> json.put(name, ids.get(0));
      default -> {
        ArrayNode array = json.putArray(name);
        ids.forEach(array::add);
      }
    }
  }
}
