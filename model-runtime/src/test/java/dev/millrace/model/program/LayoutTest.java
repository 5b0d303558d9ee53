package dev.millrace.model.program;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.millrace.model.adapter.Site;
import dev.millrace.model.config.MoeConfig;
import dev.millrace.model.config.MoeConfigs;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class LayoutTest {

  private static final String MIXTRAL =
      """
      {"model_type": "mixtral", "vocab_size": 97, "hidden_size": 32, "num_hidden_layers": 1,
       "max_position_embeddings": 64, "num_attention_heads": 4, "num_key_value_heads": 2,
       "num_experts_per_tok": 3, "num_local_experts": 8, "intermediate_size": 16,
       "rms_norm_eps": 1e-5}
      """;

  private static MoeConfig mixtral() {
    return mixtral(32);
  }

  private static MoeConfig mixtral(int hidden) {
    String json = MIXTRAL.replace("\"hidden_size\": 32", "\"hidden_size\": " + hidden);
    return MoeConfigs.parse(json.getBytes(StandardCharsets.UTF_8));
  }

  /** conversion_mapping.py of transformers 5 names the parameters, its predecessor the modules. */
  @Test
  void sites_mixtral_haveTransformersNames() {
    List<Site> sites = new Layout(mixtral()).sites();
    String attention = "model.layers.0.self_attn.";
    String modules = "model.layers.0.block_sparse_moe.experts.%d.";
    assertEquals(
        List.of(
            Site.stream("model.layers.0.hidden_states", 32),
            Site.linear(attention + "q_proj", 32, 32),
            Site.linear(attention + "k_proj", 32, 16),
            Site.linear(attention + "v_proj", 32, 16),
            Site.linear(attention + "o_proj", 32, 32),
            Site.gate("model.layers.0.mlp.gate", "model.layers.0.block_sparse_moe.gate", 32, 8),
            Site.experts(
                "model.layers.0.mlp.experts.gate_up_proj",
                32,
                32,
                8,
                List.of(modules + "w1", modules + "w3")),
            Site.experts(
                "model.layers.0.mlp.experts.down_proj", 16, 32, 8, List.of(modules + "w2"))),
        sites);
  }

  @Test
  void packs_queriesKeysAndValues_areOneMatrix() {
    Layout layout = new Layout(mixtral());
    String attention = "model.layers.0.self_attn.";
    assertEquals(
        Stream.of("q_proj", "k_proj", "v_proj").map(m -> attention + m + ".weight").toList(),
        layout.packs().get(0).stream().map(Layout.Matrices::name).toList());
    assertEquals(0, layout.packed(attention + "q_proj.weight"));
    assertEquals(1, layout.packed(attention + "o_proj.weight"));
    assertThrows(IllegalStateException.class, () -> layout.packed(attention + "k_proj.weight"));
  }

  /** hidden · (8 experts · 3 · 16 + 3 · hidden + 97) weights: 16.4 M and 16.9 M. */
  @Test
  void format_int8_isInFp16UpTo16MWeights() {
    assertEquals(MatrixFormat.INT8_IN_FP16, MatrixFormat.int8(mixtral(2256)));
    assertEquals(MatrixFormat.INT8, MatrixFormat.int8(mixtral(2296)));
  }
}
