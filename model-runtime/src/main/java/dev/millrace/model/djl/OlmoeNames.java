package dev.millrace.model.djl;

import dev.millrace.model.config.MoeConfig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** HuggingFace's names for the trainable tensors, in the order of {@link OlmoeSource}. */
final class OlmoeNames {

  private OlmoeNames() {}

  /**
   * One name a tensor, the experts of a layer stacked as {@code mlp.experts.gate_up_proj} and
   * {@code .down_proj}.
   */
  static List<String> stacked(MoeConfig config) {
    List<String> names = new ArrayList<>(List.of("model.embed_tokens.weight", "model.norm.weight"));
    for (int layer = 0; layer < config.numHiddenLayers(); layer++) {
      for (String name :
          List.of(
              "input_layernorm",
              "post_attention_layernorm",
              "self_attn.q_norm",
              "self_attn.k_norm",
              "mlp.gate")) {
        names.add("model.layers." + layer + "." + name + ".weight");
      }
    }
    for (int layer = 0; layer < config.numHiddenLayers(); layer++) {
      for (String name : OlmoeWeights.projections()) {
        names.add("model.layers." + layer + ".self_attn." + name + ".weight");
      }
      names.add("model.layers." + layer + ".mlp.experts.gate_up_proj");
      names.add("model.layers." + layer + ".mlp.experts.down_proj");
    }
    names.add("lm_head.weight");
    return names;
  }

  /** One tensor an expert and projection; any other tensor as it is. */
  static List<BaseTrainer.NamedValues> unstack(BaseTrainer.NamedValues tensor) {
    if (!tensor.name().contains(".mlp.experts.")) {
      return List.of(tensor);
    }
    String at = tensor.name().substring(0, tensor.name().lastIndexOf('.') + 1);
    Values stack = new Values(tensor.data(), tensor.shape());
    List<BaseTrainer.NamedValues> parts = new ArrayList<>();
    for (int e = 0; e < tensor.shape()[0]; e++) {
      Values expert = stack.slice(e);
      if (tensor.name().endsWith("down_proj")) {
        parts.add(named(at + e + ".down_proj.weight", expert.data(), expert.shape()));
      } else {
        int half = expert.data().length / 2;
        long[] shape = {expert.shape()[0] / 2, expert.shape()[1]};
        parts.add(named(at + e + ".gate_proj.weight", Arrays.copyOf(expert.data(), half), shape));
        parts.add(
            named(
                at + e + ".up_proj.weight",
                Arrays.copyOfRange(expert.data(), half, 2 * half),
                shape));
      }
    }
    return parts;
  }

  private static BaseTrainer.NamedValues named(String name, float[] data, long[] shape) {
    return new BaseTrainer.NamedValues(name, data, shape);
  }
}
