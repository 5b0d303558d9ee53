package dev.millrace.adapter.gate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.adapter.bigram.BigramBase;
import dev.millrace.adapter.bigram.Bigrams;
import dev.millrace.model.peft.LoraConfig;
import dev.millrace.model.peft.LoraPair;
import dev.millrace.model.peft.LoraWeights;
import dev.millrace.model.release.Routing;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class ServedTest {
  private final BigramBase base = new BigramBase(Bigrams.known());
  private final Routing topK = Routing.topK(base.config().router().topK());
  private final LatestAdapters<Map<String, Double>> losses = new LatestAdapters<>(4);
  private final AtomicInteger measured = new AtomicInteger();

  @Test
  void load_adapterThatAddsNothing_isTheBase() {
    Served first = new Served(zero(), topK);
    assertTrue(first.isBase(base));
    try (var unused = first.load(base)) {
      assertEquals(0, base.loaded());
    }
  }

  @Test
  void isBase_anythingThatMayAdd_isNot() {
    LoraWeights adds = zero();
    last(adds).b()[3] = 1e-30f;
    assertFalse(new Served(adds, topK).isBase(base));
    LoraWeights broken = zero();
    last(broken).a()[3] = Float.POSITIVE_INFINITY;
    assertFalse(new Served(broken, topK).isBase(base));
    assertFalse(new Served(zero(), Routing.topK(topK.topK() + 1)).isBase(base));
    try (var unused = new Served(adds, topK).load(base)) {
      assertEquals(1, base.loaded());
    }
  }

  @Test
  void latestAdapters_sameAdapterUnderTheSameRouting_isMeasuredOnce() {
    assertEquals(1, measure(zero(), topK));
    assertEquals(1, measure(zero(), topK));
    assertEquals(2, measure(zero(), Routing.topK(topK.topK() + 1)));
    LoraWeights other = zero();
    last(other).b()[0] = Float.MIN_VALUE;
    assertEquals(3, measure(other, topK));
    LoraWeights swapped = zero();
    last(swapped).b()[1] = Float.MIN_VALUE;
    assertEquals(4, measure(swapped, topK));
    assertEquals(4, measure(other, topK));
  }

  @Test
  void latestAdapters_moreThanAreKept_theOneAskedForLongestAgoIsMeasuredAnew() {
    for (int topK = 1; topK <= 4; topK++) {
      assertEquals(topK, measure(zero(), Routing.topK(topK)));
    }
    assertEquals(4, measure(zero(), Routing.topK(1)));
    assertEquals(5, measure(zero(), Routing.topK(5)));
    assertEquals(5, measure(zero(), Routing.topK(1)));
    assertEquals(6, measure(zero(), Routing.topK(2)));
  }

  /** How many were measured so far. */
  private int measure(LoraWeights adapter, Routing routing) {
    losses.of(
        new Served(adapter, routing), () -> Map.of("known", (double) measured.incrementAndGet()));
    return measured.get();
  }

  private LoraWeights zero() {
    return LoraWeights.initial(new LoraConfig(4, 8, false, List.of("mix", "out")), base.sites(), 3);
  }

  private static LoraPair last(LoraWeights weights) {
    return weights.pairs().get(weights.pairs().size() - 1);
  }
}
