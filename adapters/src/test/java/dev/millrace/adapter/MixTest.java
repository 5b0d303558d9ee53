package dev.millrace.adapter;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import dev.millrace.adapter.train.AdapterState;
import dev.millrace.model.adapter.Site;
import dev.millrace.model.peft.LoraConfig;
import dev.millrace.model.peft.LoraPair;
import dev.millrace.model.peft.LoraWeights;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class MixTest {

  @Test
  void of_whole_isWhatWasTrained() {
    AdapterState trained = state(1);
    assertSame(trained, Mix.WHOLE.of(state(0), trained, state(9)));
  }

  @Test
  void of_share_isSoFarFromBefore() {
    assertEquals(0.25f, value(new Mix(0.25, 1, 0, 0).of(state(0), state(1), state(9))));
  }

  @Test
  void of_blend_isBetweenBothTrainings() {
    assertEquals(3f, value(new Mix(1, 4, 0.25, 0).of(state(0), state(1), state(9))));
  }

  @Test
  void take_whatWasWritten_isTheSameAndIsGone() {
    for (Mix mix :
        List.of(Mix.WHOLE, new Mix(0.3, 1, 0, 4), new Mix(0.5, 3.7, 0, 0), new Mix(1, 2, 0.1, 0))) {
      SortedMap<String, String> written = new TreeMap<>();
      mix.write(written);
      assertEquals(mix, Mix.take(written));
      assertEquals(new TreeMap<>(), written);
    }
  }

  @Test
  void take_releasesFromBeforeThereWereAny_isTheWhole() {
    assertEquals(Mix.WHOLE, Mix.take(new TreeMap<>()));
  }

  private static AdapterState state(float value) {
    return AdapterState.fresh(
        new LoraWeights(
            new LoraConfig(1, 1, false, List.of("q")),
            List.of(
                new LoraPair(Site.linear("q", 1, 1), new float[] {value}, new float[] {value}))));
  }

  private static float value(AdapterState state) {
    return ((LoraWeights) state.weights()).pairs().get(0).a()[0];
  }
}
