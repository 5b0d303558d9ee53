package dev.millrace.model.peft;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.model.adapter.AdapterPlan;
import dev.millrace.model.adapter.Delta;
import dev.millrace.model.adapter.Difference;
import dev.millrace.model.adapter.InvalidAdapterException;
import dev.millrace.model.adapter.NamePatterns;
import dev.millrace.model.adapter.Site;
import dev.millrace.model.weights.DType;
import dev.millrace.model.weights.Safetensors;
import dev.millrace.model.weights.SafetensorsWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Adapters of routed experts in both of PEFT's layouts. */
class ExpertLayoutTest {

  private static final String EXPERTS = "model.layers.0.mlp.experts";
  private static final List<Site> SITES =
      List.of(
          Site.linear("model.layers.0.self_attn.q_proj", 6, 6),
          Site.experts(
              EXPERTS + ".gate_up_proj",
              6,
              8,
              3,
              List.of(EXPERTS + ".%d.gate_proj", EXPERTS + ".%d.up_proj")),
          Site.experts(EXPERTS + ".down_proj", 4, 6, 3, List.of(EXPERTS + ".%d.down_proj")));

  private static LoraWeights random() {
    return random(new AdapterPlan(2, 4, true));
  }

  private static LoraWeights random(AdapterPlan plan) {
    return random(Lora.KIND.initial(plan, SITES, 3));
  }

  /** The same with other values in every factor. */
  static LoraWeights random(LoraWeights zero) {
    SplittableRandom random = new SplittableRandom(4);
    List<float[]> values = new ArrayList<>();
    zero.factors()
        .forEach(
            f -> {
              float[] some = new float[f.values().length];
              for (int i = 0; i < some.length; i++) {
                some[i] = (float) random.nextGaussian();
              }
              values.add(some);
            });
    return zero.with(values);
  }

  private static LoraWeights read(SortedMap<String, byte[]> files) {
    return PeftFolder.parse(files.get(PeftFolder.CONFIG), files.get(PeftFolder.WEIGHTS), SITES);
  }

  @Test
  void toFiles_parameters_areWhatParamWrapperKeeps() {
    LoraWeights adapter = random();
    Safetensors file = Safetensors.parse(PeftFolder.toFiles(adapter, "").get(PeftFolder.WEIGHTS));
    String module = "base_model.model." + EXPERTS;
    float[] a = file.tensor(module + ".base_layer.lora_A.weight").require(3 * 2, 6).floats();
    float[] b = file.tensor(module + ".base_layer.lora_B.weight").require(8, 2 * 3).floats();
    LoraPair pair = adapter.pairs().get(1);
    for (int e = 0; e < 3; e++) {
      for (int o = 0; o < 8; o++) {
        for (int i = 0; i < 6; i++) {
          double wanted = 0; // einsum("o r e, e r i -> e o i")
          double found = 0;
          for (int r = 0; r < 2; r++) {
            wanted += (double) b[o * 6 + r * 3 + e] * a[(e * 2 + r) * 6 + i];
            found += (double) pair.b()[(e * 8 + o) * 2 + r] * pair.a()[(e * 2 + r) * 6 + i];
          }
          assertEquals(wanted, found, 1e-12);
        }
      }
    }
    file.tensor(module + ".lora_A.weight").require(3 * 2, 4);
    file.tensor(module + ".lora_B.weight").require(6, 2 * 3);
  }

  @Test
  void in_otherLayoutAndBack_isTheSameToTheByte() {
    SortedMap<String, byte[]> files = PeftFolder.toFiles(random(), "base");
    LoraWeights modules = PeftFolder.in(ExpertLayout.MODULES, read(files), SITES);
    SortedMap<String, byte[]> byModule = PeftFolder.toFiles(modules, "base");
    assertTrue(
        Safetensors.parse(byModule.get(PeftFolder.WEIGHTS))
            .tensors()
            .containsKey("base_model.model." + EXPERTS + ".2.up_proj.lora_B.weight"));
    LoraWeights again = read(byModule);
    for (int i = 0; i < SITES.size(); i++) {
      Delta wanted = modules.deltas().get(i);
      assertArrayEquals(wanted.a(), again.deltas().get(i).a());
      assertArrayEquals(wanted.b(), again.deltas().get(i).b());
    }
    SortedMap<String, byte[]> back =
        PeftFolder.toFiles(PeftFolder.in(ExpertLayout.PARAMETERS, again, SITES), "base");
    assertArrayEquals(files.get(PeftFolder.WEIGHTS), back.get(PeftFolder.WEIGHTS));
    assertArrayEquals(files.get(PeftFolder.CONFIG), back.get(PeftFolder.CONFIG));
  }

  @Test
  void in_modulesUnderAPatternOfAttentionAndExperts_addsTheSame() {
    NamePatterns ofLayer =
        new NamePatterns(Map.of("layers\\.0\\..*", "3"), Map.of("layers\\.0\\..*", "7"));
    LoraWeights adapter = random(new AdapterPlan(2, 4, true, false, ofLayer));
    assertEquals(3, adapter.pairs().get(0).rank());
    LoraWeights modules = PeftFolder.in(ExpertLayout.MODULES, adapter, SITES);
    assertEquals(0, Difference.of(adapter, read(PeftFolder.toFiles(modules, "")), 1), 1e-6);
  }

  @ParameterizedTest
  @CsvSource({"false, 1", "false, 3", "true, 2"})
  void in_parametersFromModulesOfTheirOwnAs_addsTheSame(boolean rsLora, int upRank) {
    SortedMap<String, byte[]> files = ownDownProjections(rsLora, upRank);
    LoraWeights modules = read(files);
    assertEquals(ExpertLayout.MODULES, modules.config().layout());
    SortedMap<String, byte[]> stacked =
        PeftFolder.toFiles(PeftFolder.in(ExpertLayout.PARAMETERS, modules, SITES), "");
    LoraWeights parameters = read(stacked);
    assertEquals(2 + upRank, parameters.pairs().get(0).rank());
    assertEquals(0, Difference.of(modules, parameters, 1), 1e-6);
    LoraWeights back =
        read(PeftFolder.toFiles(PeftFolder.in(ExpertLayout.MODULES, parameters, SITES), ""));
    assertEquals(0, Difference.of(modules, back, 1), 1e-6);
    for (int e = 0; e < 3; e++) {
      assertEquals(0, apart(files, modules.deltas().get(0), e, rsLora, upRank), 1e-6);
    }
  }

  /** A folder whose gate_proj and up_proj have factors of their own, of different ranks. */
  private static SortedMap<String, byte[]> ownDownProjections(boolean rsLora, int upRank) {
    SplittableRandom random = new SplittableRandom(9);
    SafetensorsWriter writer = new SafetensorsWriter();
    for (int e = 0; e < 3; e++) {
      for (String module : List.of("gate_proj", "up_proj")) {
        int rank = module.equals("up_proj") ? upRank : 2;
        String name = "base_model.model." + EXPERTS + "." + e + "." + module;
        writer.add(name + ".lora_A.weight", DType.F32, normal(random, rank * 6), rank, 6);
        writer.add(name + ".lora_B.weight", DType.F32, normal(random, rank * 4), 4, rank);
      }
    }
    String config =
        """
        {"peft_type": "LORA", "r": 2, "lora_alpha": 5, "use_rslora": %s, "task_type": "CAUSAL_LM",
         "target_modules": ["gate_proj", "up_proj"], "rank_pattern": {"up_proj": %d},
         "alpha_pattern": {"experts.1.up_proj": 7}}
        """
            .formatted(rsLora, upRank);
    return new TreeMap<>(
        Map.of(
            PeftFolder.CONFIG,
            config.getBytes(StandardCharsets.UTF_8),
            PeftFolder.WEIGHTS,
            writer.toBytes()));
  }

  @Test
  void parse_ranksThatTheTensorsDoNotHave_areRefusedBeforeTheyAreBelieved() {
    SortedMap<String, byte[]> files = ownDownProjections(false, 2);
    String config = new String(files.get(PeftFolder.CONFIG), StandardCharsets.UTF_8);
    byte[] greater = config.replace("\"r\": 2", "\"r\": 4096").getBytes(StandardCharsets.UTF_8);
    String gate = EXPERTS + ".%d.gate_proj";
    Site wide =
        Site.experts(
            EXPERTS + ".gate_up_proj", 6, 1 << 28, 3, List.of(gate, EXPERTS + ".%d.up_proj"));
    for (Site site : List.of(SITES.get(1), wide)) { // of the other no array is long enough
      var refused =
          assertThrows(
              InvalidAdapterException.class,
              () -> PeftFolder.parse(greater, files.get(PeftFolder.WEIGHTS), List.of(site)));
      assertEquals(
          "adapter_model.safetensors: tensor base_model.model.%s.lora_A.weight: shape [2, 6], expected [4096, 6]"
              .formatted(gate.formatted(0)),
          refused.getMessage());
    }
  }

  private static float[] normal(SplittableRandom random, int n) {
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  /** Greatest |Δ| of B·A of an expert from what the file says of its two modules. */
  private static double apart(
      SortedMap<String, byte[]> files, Delta delta, int e, boolean rsLora, int upRank) {
    Safetensors file = Safetensors.parse(files.get(PeftFolder.WEIGHTS));
    double apart = 0;
    for (int o = 0; o < 8; o++) {
      String module = "base_model.model." + EXPERTS + "." + e + (o < 4 ? ".gate_proj" : ".up_proj");
      int rank = o < 4 ? 2 : upRank;
      double alpha = o >= 4 && e == 1 ? 7 : 5;
      double scale = rsLora ? alpha / Math.sqrt(rank) : alpha / rank;
      float[] a = file.tensor(module + ".lora_A.weight").floats();
      float[] b = file.tensor(module + ".lora_B.weight").floats();
      for (int i = 0; i < 6; i++) {
        double wanted = 0;
        for (int r = 0; r < rank; r++) {
          wanted += scale * b[o % 4 * rank + r] * a[r * 6 + i];
        }
        double found = 0;
        for (int r = 0; r < delta.rank(); r++) {
          found +=
              (double) delta.b()[(e * 8 + o) * delta.rank() + r]
                  * delta.a()[(e * delta.rank() + r) * 6 + i];
        }
        apart = Math.max(apart, Math.abs(wanted - found) / 10);
      }
    }
    return apart;
  }

  @ParameterizedTest
  @CsvSource({
    "0.18.1, false",
    "0.19.0, false",
    "0.19.1.dev0, false",
    "0.19.1, true",
    "0.20.1.dev0@X, true"
  })
  void parse_stackOfEqualSides_needsAPeftThatKnowsWhichIsTheInput(String version, boolean known) {
    List<Site> square =
        List.of(Site.experts(EXPERTS + ".down_proj", 4, 4, 3, List.of(EXPERTS + ".%d.down_proj")));
    LoraWeights adapter = Lora.KIND.initial(new AdapterPlan(2, 4, true), square, 3);
    SortedMap<String, byte[]> files = PeftFolder.toFiles(adapter, "");
    byte[] config =
        new String(files.get(PeftFolder.CONFIG), StandardCharsets.UTF_8)
            .replace("\"0.20.0\"", '"' + version + '"')
            .getBytes(StandardCharsets.UTF_8);
    byte[] weights = files.get(PeftFolder.WEIGHTS);
    if (known) {
      LoraWeights back = PeftFolder.parse(config, weights, square);
      assertArrayEquals(adapter.pairs().get(0).a(), back.pairs().get(0).a());
    } else {
      var refused =
          assertThrows(
              InvalidAdapterException.class, () -> PeftFolder.parse(config, weights, square));
      assertTrue(refused.getMessage().contains("expected 0.19.1 or newer"), refused.getMessage());
    }
  }

  @Test
  void initial_routedExpertsOfABaseWithoutSuchSites_isRefused() {
    var refused =
        assertThrows(
            IllegalArgumentException.class,
            () -> Lora.KIND.initial(new AdapterPlan(2, 4, true), SITES.subList(0, 1), 3));
    assertEquals(
        "routedExperts is true, expected false: this base has no sites there",
        refused.getMessage());
  }
}
