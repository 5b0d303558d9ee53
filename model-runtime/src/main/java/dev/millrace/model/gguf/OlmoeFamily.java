package dev.millrace.model.gguf;

import dev.millrace.model.config.InvalidConfigException;
import dev.millrace.model.config.MoeConfig;
import dev.millrace.model.config.RopeConfig;
import dev.millrace.model.weights.Checkpoint;
import dev.millrace.model.weights.Tensor;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * OLMoE as llama.cpp knows it, which neither clips q, k, v nor normalises the weights of the chosen
 * experts.
 */
final class OlmoeFamily {

  /** config.json's {@code model_type}, and llama.cpp's {@code general.architecture}. */
  static final String NAME = "olmoe";

  private static final Map<String, String> MATRICES =
      new TreeMap<>(
          Map.of(
              "self_attn.q_proj", "attn_q",
              "self_attn.k_proj", "attn_k",
              "self_attn.v_proj", "attn_v",
              "self_attn.o_proj", "attn_output"));

  private static final Map<String, String> EXACT =
      new TreeMap<>(
          Map.of(
              "input_layernorm", "attn_norm",
              "post_attention_layernorm", "ffn_norm",
              "self_attn.q_norm", "attn_q_norm",
              "self_attn.k_norm", "attn_k_norm",
              "mlp.gate", "ffn_gate_inp"));

  private static final Map<String, String> EXPERTS =
      new TreeMap<>(
          Map.of(
              "gate_proj", "ffn_gate_exps",
              "up_proj", "ffn_up_exps",
              "down_proj", "ffn_down_exps"));

  private OlmoeFamily() {}

  /**
   * Refuses what llama.cpp's program would leave out.
   *
   * @throws InvalidConfigException naming the option
   */
  static void requireSupported(MoeConfig config) {
    if (!config.modelType().equals(NAME)) {
      throw new InvalidConfigException(
          "config.json: model_type is %s, expected one of [%s] for GGUF"
              .formatted(config.modelType(), NAME));
    }
    if (Double.isFinite(config.attention().clipQkv())) {
      throw unsupported("clip_qkv is " + config.attention().clipQkv(), "null");
    }
    if (config.attention().inputBias()) {
      throw unsupported("attention_bias is true", "false");
    }
    if (!(config.rope().scaling() instanceof RopeConfig.Plain)) {
      throw unsupported("rope_scaling is " + config.rope().scaling(), "null");
    }
    if (config.router().normTopkProb()) {
      throw unsupported("norm_topk_prob is true", "false");
    }
    if (config.attention().numKeyValueHeads() != config.attention().numAttentionHeads()) {
      throw unsupported(
          "num_key_value_heads is " + config.attention().numKeyValueHeads(),
          "num_attention_heads " + config.attention().numAttentionHeads());
    }
  }

  private static InvalidConfigException unsupported(String is, String expected) {
    return new InvalidConfigException(
        "config.json: " + is + ", expected " + expected + ": llama.cpp's olmoe knows no other");
  }

  /** Every tensor of the checkpoint. */
  static void addTensors(Checkpoint checkpoint, GgufWriter file) {
    MoeConfig config = checkpoint.config();
    Tensor embedding = checkpoint.tensor("model.embed_tokens.weight");
    Tensor head = config.tieWordEmbeddings() ? embedding : checkpoint.tensor("lm_head.weight");
    file.add(GgufTensor.matrix("token_embd.weight", embedding));
    file.add(GgufTensor.exact("output_norm.weight", checkpoint.tensor("model.norm.weight")));
    file.add(GgufTensor.matrix("output.weight", head));
    for (int layer = 0; layer < config.numHiddenLayers(); layer++) {
      addLayer(checkpoint, "model.layers." + layer + ".", "blk." + layer + ".", file);
    }
  }

  private static void addLayer(Checkpoint checkpoint, String from, String to, GgufWriter file) {
    EXACT.forEach(
        (theirs, name) ->
            file.add(
                GgufTensor.exact(
                    to + name + ".weight", checkpoint.tensor(from + theirs + ".weight"))));
    MATRICES.forEach(
        (theirs, name) ->
            file.add(
                GgufTensor.matrix(
                    to + name + ".weight", checkpoint.tensor(from + theirs + ".weight"))));
    EXPERTS.forEach(
        (theirs, name) ->
            file.add(GgufTensor.stack(to + name + ".weight", experts(checkpoint, from, theirs))));
  }

  private static List<Tensor> experts(Checkpoint checkpoint, String layer, String projection) {
    return IntStream.range(0, checkpoint.config().router().numExperts())
        .mapToObj(e -> checkpoint.tensor(layer + "mlp.experts." + e + "." + projection + ".weight"))
        .toList();
  }
}
