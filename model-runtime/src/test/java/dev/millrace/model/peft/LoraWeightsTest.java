package dev.millrace.model.peft;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.model.adapter.Site;
import dev.millrace.model.kinds.AdapterCodec;
import dev.millrace.model.weights.Digest;
import dev.millrace.model.weights.InvalidWeightsException;
import java.util.List;
import org.junit.jupiter.api.Test;

class LoraWeightsTest {
  private static final LoraConfig CONFIG =
      new LoraConfig(8, 12.5, true, List.of("o_proj", "q_proj"));
  private static final List<Site> SITES =
      List.of(
          Site.linear("model.layers.2.q_proj", 100, 60),
          Site.linear("model.layers.2.k_proj", 100, 60),
          Site.linear("model.layers.2.o_proj", 60, 100),
          Site.linear("model.layers.10.q_proj", 100, 60));

  @Test
  void initial_anySeed_isUniformWithinPeftsBoundAndAddsNothing() {
    LoraWeights adapter = LoraWeights.initial(CONFIG, SITES, 7);

    assertEquals(
        List.of(SITES.get(0), SITES.get(2), SITES.get(3)),
        adapter.pairs().stream().map(LoraPair::site).toList());
    for (LoraPair pair : adapter.pairs()) {
      double bound = 1 / Math.sqrt(pair.site().in());
      double squares = 0;
      for (float a : pair.a()) {
        assertTrue(Math.abs(a) <= (float) bound);
        squares += (double) a * a;
      }
      assertEquals(bound / Math.sqrt(3), Math.sqrt(squares / pair.a().length), bound * 0.05);
      assertArrayEquals(new float[pair.site().out() * 8], pair.b());
    }
  }

  @Test
  void initial_sameSeed_sameBytesOnEveryMachine() {
    assertEquals(
        "bebaa052b315167f26251348dbd9f26a0236bd80b546951c929d9570bc0c7c75",
        Digest.sha256(AdapterCodec.encode(LoraWeights.initial(CONFIG, SITES, 7))));
    assertTrue(
        LoraWeights.initial(CONFIG, SITES, 8).pairs().get(0).a()[0]
            != LoraWeights.initial(CONFIG, SITES, 7).pairs().get(0).a()[0]);
  }

  @Test
  void decode_encoded_isTheSameInTheSameOrder() {
    LoraWeights adapter = LoraWeights.initial(CONFIG, SITES, 7);
    adapter.pairs().get(1).b()[3] = -0f;

    LoraWeights back = (LoraWeights) AdapterCodec.decode(AdapterCodec.encode(adapter));

    assertEquals(adapter.config(), back.config());
    assertEquals(adapter.pairs().size(), back.pairs().size());
    for (int i = 0; i < back.pairs().size(); i++) {
      assertEquals(adapter.pairs().get(i).site(), back.pairs().get(i).site());
      assertArrayEquals(adapter.pairs().get(i).a(), back.pairs().get(i).a());
      assertArrayEquals(adapter.pairs().get(i).b(), back.pairs().get(i).b());
    }
  }

  @Test
  void decode_otherBytes_areRefused() {
    byte[] bytes = AdapterCodec.encode(LoraWeights.initial(CONFIG, SITES, 7));
    bytes[20]++;
    assertThrows(InvalidWeightsException.class, () -> AdapterCodec.decode(bytes));
    assertThrows(InvalidWeightsException.class, () -> AdapterCodec.decode(new byte[0]));
  }
}
