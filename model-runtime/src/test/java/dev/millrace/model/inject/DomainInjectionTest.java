package dev.millrace.model.inject;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.model.adapter.AdapterPlan;
import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.adapter.Delta;
import dev.millrace.model.adapter.InvalidAdapterException;
import dev.millrace.model.adapter.Site;
import dev.millrace.model.kinds.AdapterCodec;
import dev.millrace.model.kinds.AdapterFolder;
import dev.millrace.model.kinds.AdapterKinds;
import dev.millrace.model.weights.DType;
import dev.millrace.model.weights.SafetensorsWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.SortedMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DomainInjectionTest {

  private static final List<Site> SITES =
      List.of(
          Site.stream("model.layers.0.hidden_states", 3),
          Site.linear("model.layers.0.self_attn.q_proj", 3, 3),
          Site.stream("model.layers.1.hidden_states", 3));

  private static final InjectionWeights ADAPTER =
      new InjectionWeights(
          3,
          DomainInjection.streams(SITES),
          new float[] {1, -2},
          List.of(new float[] {1, 2, 3, 4, 5, 6}, new float[] {0, 1, 0, 1, 0, 1}));

  @Test
  void initial_anySeed_addsNothingYetAndIsTheSeeds() {
    AdapterPlan plan = new AdapterPlan(4, 8, false);
    InjectionWeights adapter = DomainInjection.KIND.initial(plan, SITES, 7);
    assertEquals(2, adapter.deltas().size());
    for (Delta delta : adapter.deltas()) {
      assertArrayEquals(new float[3 * 4], delta.b());
    }
    assertArrayEquals(
        AdapterCodec.encode(adapter),
        AdapterCodec.encode(AdapterKinds.named("injection").initial(plan, SITES, 7)));
    assertNotEquals(adapter.vector()[0], DomainInjection.KIND.initial(plan, SITES, 8).vector()[0]);
  }

  @Test
  void initial_baseWithoutHiddenStates_isRefused() {
    assertThrows(
        IllegalArgumentException.class,
        () -> DomainInjection.KIND.initial(new AdapterPlan(4, 8, false), SITES.subList(1, 2), 7));
  }

  @Test
  void deltas_anyAdapter_areTheScaledProjectionsOfTheOneVector() {
    Delta first = ADAPTER.deltas().get(0);
    assertEquals(SITES.get(0), first.site());
    assertArrayEquals(new float[] {1, -2}, first.a());
    assertArrayEquals(new float[] {1.5f, 3, 4.5f, 6, 7.5f, 9}, first.b());
  }

  @Test
  void gradients_ofTheVector_areTheSumOverAllLayers() {
    List<float[]> gradients =
        ADAPTER.gradients(
            List.of(
                new Delta(SITES.get(0), 2, new float[] {1, 2}, new float[] {1, 0, 0, 0, 0, 0}),
                new Delta(SITES.get(2), 2, new float[] {10, 20}, new float[] {0, 2, 0, 0, 0, 0})));
    assertArrayEquals(new float[] {11, 22}, gradients.get(0));
    assertArrayEquals(new float[] {1.5f, 0, 0, 0, 0, 0}, gradients.get(1));
    assertArrayEquals(new float[] {0, 3, 0, 0, 0, 0}, gradients.get(2));
  }

  @Test
  void toFiles_readAgain_isTheSameAdapterToTheByte() {
    SortedMap<String, byte[]> files = AdapterFolder.toFiles(ADAPTER, "base");
    AdapterWeights again = read(files);
    assertArrayEquals(AdapterCodec.encode(ADAPTER), AdapterCodec.encode(again));
    SortedMap<String, byte[]> written = AdapterFolder.toFiles(again, "base");
    assertArrayEquals(files.get(AdapterFolder.CONFIG), written.get(AdapterFolder.CONFIG));
    assertArrayEquals(files.get(AdapterFolder.WEIGHTS), written.get(AdapterFolder.WEIGHTS));
  }

  @Test
  void decode_encoded_isTheSame() {
    byte[] bytes = AdapterCodec.encode(ADAPTER);
    assertArrayEquals(bytes, AdapterCodec.encode(AdapterCodec.decode(bytes)));
  }

  private static AdapterWeights read(SortedMap<String, byte[]> files) {
    return AdapterFolder.parse(
        files.get(AdapterFolder.CONFIG), files.get(AdapterFolder.WEIGHTS), SITES);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"rank\":2 | \"rank\":3 | expected [3, 3]",
        "\"rank\":2 | \"rank\":0 | rank is 0, expected an integer from 1 to 4096",
        "\"alpha\":3.0 | \"alpha\":\"x\" | alpha is \"x\", expected a finite number",
        "\"alpha\":3.0, | \"r\":8, | r is 8, expected only [alpha, ",
        "model.layers.0. | model.layers.9. | expected different hidden states of the base's layers",
        "MILLRACE_DOMAIN_INJECTION | PREFIX_TUNING | peft_type is \"PREFIX_TUNING\", expected one of",
      })
  void parse_changedConfig_saysWhatIsWrong(String old, String changed, String expected) {
    SortedMap<String, byte[]> files = AdapterFolder.toFiles(ADAPTER, "");
    String config = new String(files.get(AdapterFolder.CONFIG), StandardCharsets.UTF_8);
    assertTrue(config.contains(old.strip()), config);
    files.put(
        AdapterFolder.CONFIG,
        config.replace(old.strip(), changed.strip()).getBytes(StandardCharsets.UTF_8));
    var refused = assertThrows(InvalidAdapterException.class, () -> read(files));
    assertTrue(refused.getMessage().contains(expected), refused::getMessage);
  }

  @Test
  void parse_tensorThatNothingNames_isRefused() {
    SortedMap<String, byte[]> files = AdapterFolder.toFiles(ADAPTER, "");
    SafetensorsWriter writer = new SafetensorsWriter();
    writer.add("domain_vector", DType.F32, ADAPTER.vector(), 2);
    for (int layer = 0; layer < 3; layer++) {
      String name = "model.layers." + layer + ".hidden_states.projection";
      writer.add(name, DType.F32, new float[6], 3, 2);
    }
    files.put(AdapterFolder.WEIGHTS, writer.toBytes());
    var refused = assertThrows(InvalidAdapterException.class, () -> read(files));
    assertTrue(refused.getMessage().contains("model.layers.2.hidden_states.projection"));
  }
}
