package dev.millrace.model.gguf;

import dev.millrace.model.config.InvalidConfigException;
import dev.millrace.model.config.MoeConfig;
import dev.millrace.model.config.RopeConfig;
import dev.millrace.model.weights.Checkpoint;
import dev.millrace.model.weights.Matrix;
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

  private static final Map<String, String> NORMS =
      new TreeMap<>(
          Map.of(
              "input_layernorm", "attn_norm",
              "post_attention_layernorm", "ffn_norm",
              "self_attn.q_norm", "attn_q_norm",
              "self_attn.k_norm", "attn_k_norm"));

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
    RopeConfig.Scaling scaling = config.rope().scaling();
    if (!(scaling instanceof RopeConfig.Plain || scaling instanceof RopeConfig.Dynamic)) {
      throw unsupported("rope_scaling is " + scaling, "null");
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
    int d = config.hiddenSize();
    String head = config.tieWordEmbeddings() ? "model.embed_tokens.weight" : "lm_head.weight";
    Matrix embedding = checkpoint.matrix("model.embed_tokens.weight", config.vocabSize(), d);
    file.add(GgufTensor.matrix("token_embd.weight", embedding));
    file.add(exact(checkpoint, "output_norm", "model.norm", d));
    file.add(GgufTensor.matrix("output.weight", checkpoint.matrix(head, config.vocabSize(), d)));
    for (int layer = 0; layer < config.numHiddenLayers(); layer++) {
      addLayer(checkpoint, "model.layers." + layer + ".", "blk." + layer + ".", file);
    }
  }

  private static GgufTensor exact(Checkpoint checkpoint, String to, String from, long... shape) {
    String name = from + ".weight";
    checkpoint.tensor(name).require(shape);
    return GgufTensor.exact(to + ".weight", () -> checkpoint.values(name, shape), shape);
  }

  private static void addLayer(Checkpoint checkpoint, String from, String to, GgufWriter file) {
    int d = checkpoint.config().hiddenSize();
    int experts = checkpoint.config().router().numExperts();
    NORMS.forEach((theirs, name) -> file.add(exact(checkpoint, to + name, from + theirs, d)));
    file.add(exact(checkpoint, to + "ffn_gate_inp", from + "mlp.gate", experts, d));
    MATRICES.forEach(
        (theirs, name) ->
            file.add(
                GgufTensor.matrix(
                    to + name + ".weight", checkpoint.matrix(from + theirs + ".weight", d, d))));
    EXPERTS.forEach(
        (theirs, name) ->
            file.add(
                GgufTensor.stack(
                    to + name + ".weight",
                    IntStream.range(0, experts)
                        .mapToObj(e -> checkpoint.expert(from + "mlp.experts.", e, theirs))
                        .toList())));
  }
}
