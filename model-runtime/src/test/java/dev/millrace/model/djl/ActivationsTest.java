package dev.millrace.model.djl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.model.base.Computation;
import dev.millrace.model.base.Products;
import dev.millrace.model.base.Recompute;
import dev.millrace.model.config.MoeConfigs;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class ActivationsTest {

  private static final int HIDDEN = 32;

  @Test
  void bytesPerToken_moreExpertsAToken_aLayerHoldsARowOfEach() {
    assertEquals(2 * HIDDEN * Float.BYTES, bytesPerToken(4) - bytesPerToken(2));
  }

  @Test
  void bytesPerToken_moreIsComputedAgain_lessIsKept() {
    long inner = 2 * 2 * 16 * Float.BYTES;
    long fronts = bytesPerToken(2, Recompute.FRONTS);
    assertTrue(fronts < bytesPerToken(2, Recompute.NOTHING) - 2 * inner);
    assertEquals(2 * inner, fronts - bytesPerToken(2, Recompute.EXPERTS));
    assertEquals(4 * inner, fronts - bytesPerToken(2, Recompute.LAYERS));
  }

  @Test
  void tokensWithin_bf16_leaveRoomForWhatItsProductsLeaveBehind() {
    long kept = 400L << 20;
    long bytes = 512L << 20;
    Activations fp32 = activations(2, new Computation(Products.FP32, Recompute.LAYERS));
    Activations bf16 = activations(2, new Computation(Products.BF16, Recompute.LAYERS));
    assertEquals(fp32.tokensWithin(bytes - kept, 2), bf16.tokensWithin(bytes, 2));
    assertEquals(fp32.tokensWithin(bytes / 2, 1), fp32.tokensWithin(bytes, 2));
    long one = kept + 2 * (bf16.fixedBytes() + bf16.bytesPerToken());
    assertEquals(1, bf16.tokensWithin(one, 2));
    assertEquals(0, bf16.tokensWithin(one - 2, 2));
    assertEquals(0, bf16.tokensWithin(bytes - kept, 2));
  }

  private static long bytesPerToken(int experts) {
    return bytesPerToken(experts, Recompute.LAYERS);
  }

  private static long bytesPerToken(int experts, Recompute recompute) {
    return activations(experts, new Computation(Products.FP32, recompute)).bytesPerToken();
  }

  private static Activations activations(int experts, Computation computation) {
    String json =
        "{'model_type':'olmoe','vocab_size':97,'hidden_size':%d,'max_position_embeddings':64,"
            + "'num_hidden_layers':4,'num_attention_heads':4,'num_key_value_heads':4,"
            + "'num_experts':8,'num_experts_per_tok':%d,'intermediate_size':16,"
            + "'rms_norm_eps':1e-5}";
    byte[] config =
        json.formatted(HIDDEN, experts).replace('\'', '"').getBytes(StandardCharsets.UTF_8);
    return new Activations(MoeConfigs.parse(config), computation);
  }
}
