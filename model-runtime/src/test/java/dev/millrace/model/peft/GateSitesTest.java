package dev.millrace.model.peft;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.model.adapter.AdapterPlan;
import dev.millrace.model.adapter.Difference;
import dev.millrace.model.adapter.InvalidAdapterException;
import dev.millrace.model.adapter.Site;
import dev.millrace.model.weights.DType;
import dev.millrace.model.weights.Safetensors;
import dev.millrace.model.weights.SafetensorsWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Adapters of Mixtral's router, which transformers 4 and 5 name differently. */
class GateSitesTest {

  private static final String OLD = "model.layers.0.block_sparse_moe.";
  private static final Site ROUTER = Site.gate("model.layers.0.mlp.gate", OLD + "gate", 6, 3);
  private static final List<Site> SITES =
      List.of(
          Site.linear("model.layers.0.self_attn.q_proj", 6, 6),
          ROUTER,
          Site.experts(
              "model.layers.0.mlp.experts.down_proj", 4, 6, 3, List.of(OLD + "experts.%d.w2")));

  private static final List<Site> WITHOUT_ROUTER = List.of(SITES.get(0), SITES.get(2));

  @Test
  void parse_routerOfTransformers4And5_isTheSame() {
    LoraWeights old = read("\"target_modules\":[\"gate\",\"w1\"]", OLD + "gate", 3);
    LoraWeights now = read("\"target_parameters\":[\"gate.weight\"]", "model.layers.0.mlp.gate", 3);
    assertEquals(List.of(ROUTER), old.pairs().stream().map(LoraPair::site).toList());
    assertArrayEquals(new float[] {7, 8, 9}, old.pairs().get(0).b());
    assertEquals(0, Difference.of(old, now, 1));
  }

  @Test
  void parse_listedRouterWithoutTensors_isPassedOver() {
    LoraWeights adapter =
        read("\"target_modules\":[\"gate\",\"q_proj\"]", "model.layers.0.self_attn.q_proj", 6);
    assertEquals(List.of(SITES.get(0)), adapter.pairs().stream().map(LoraPair::site).toList());
  }

  /** DeepSeek-V2's, whose weight transformers takes past the module that PEFT puts around it. */
  @ParameterizedTest
  @ValueSource(strings = {"[\"gate\",\"q_proj\"]", "\"all-linear\""})
  void parse_routerThatIsNoSite_isPassedOver(String modules) {
    LoraWeights adapter = parse("\"target_modules\":" + modules, both(), WITHOUT_ROUTER);
    assertEquals(List.of(SITES.get(0)), adapter.pairs().stream().map(LoraPair::site).toList());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"target_modules\":[\"q_proj\"]",
        "\"target_modules\":[\"q_proj\"],\"target_parameters\":[\"gate.weight\"]",
      })
  void parse_routerThatIsNeitherSiteNorTargetedModule_isRefused(String targets) {
    assertThrows(InvalidAdapterException.class, () -> parse(targets, both(), WITHOUT_ROUTER));
  }

  private static byte[] both() {
    SafetensorsWriter file = pair(new SafetensorsWriter(), SITES.get(0).name(), 6);
    return pair(file, ROUTER.name(), 3).toBytes();
  }

  /** Of one pair, whose B counts on from A. */
  private static LoraWeights read(String targets, String module, int out) {
    return parse(targets, pair(new SafetensorsWriter(), module, out).toBytes(), SITES);
  }

  private static SafetensorsWriter pair(SafetensorsWriter file, String module, int out) {
    String name = "base_model.model." + module;
    float[] b = new float[out];
    for (int i = 0; i < out; i++) {
      b[i] = 7 + i;
    }
    return file.add(name + ".lora_A.weight", DType.F32, new float[] {1, 2, 3, 4, 5, 6}, 1, 6)
        .add(name + ".lora_B.weight", DType.F32, b, out, 1);
  }

  private static LoraWeights parse(String targets, byte[] weights, List<Site> sites) {
    String config = "{\"peft_type\":\"LORA\",\"r\":1,\"lora_alpha\":3," + targets + "}";
    return PeftFolder.parse(config.getBytes(StandardCharsets.UTF_8), weights, sites);
  }

  @Test
  void in_eachLayout_namesTheRouterAsItsTransformersDoes() {
    LoraConfig config =
        new LoraConfig(
            2,
            4,
            false,
            List.of("q_proj"),
            List.of("mlp.experts.down_proj", "mlp.gate.weight"),
            Map.of("mlp\\.gate\\.weight", 1),
            Map.of("mlp\\.gate\\.weight", 9.0),
            ExpertLayout.PARAMETERS);
    LoraWeights adapter = ExpertLayoutTest.random(LoraWeights.initial(config, SITES, 5));
    assertEquals(9, adapter.scale(adapter.pairs().get(1)));
    SortedMap<String, byte[]> parameters = PeftFolder.toFiles(adapter, "");
    assertTrue(
        tensors(parameters).contains("base_model.model.model.layers.0.mlp.gate.lora_A.weight"));
    SortedMap<String, byte[]> modules =
        PeftFolder.toFiles(PeftFolder.in(ExpertLayout.MODULES, adapter, SITES), "");
    assertTrue(tensors(modules).contains("base_model.model." + OLD + "gate.lora_A.weight"));
    LoraWeights back = parse(modules);
    assertEquals(List.of("gate", "q_proj", "w2"), back.config().targetModules());
    assertEquals(0, Difference.of(adapter, back, 1), 1e-6);
    LoraWeights again =
        parse(PeftFolder.toFiles(PeftFolder.in(ExpertLayout.PARAMETERS, back, SITES), ""));
    assertEquals(
        List.of("mlp.experts.down_proj", "mlp.gate.weight"), again.config().targetParameters());
    assertEquals(0, Difference.of(adapter, again, 1), 1e-6);
  }

  private static LoraWeights parse(SortedMap<String, byte[]> files) {
    return PeftFolder.parse(files.get(PeftFolder.CONFIG), files.get(PeftFolder.WEIGHTS), SITES);
  }

  private static List<String> tensors(SortedMap<String, byte[]> files) {
    return List.copyOf(Safetensors.parse(files.get(PeftFolder.WEIGHTS)).tensors().keySet());
  }

  @Test
  void initial_anyPlan_leavesTheRouterAlone() {
    LoraWeights fresh = Lora.KIND.initial(new AdapterPlan(2, 4, true), SITES, 3);
    assertEquals(
        List.of(SITES.get(0), SITES.get(2)), fresh.pairs().stream().map(LoraPair::site).toList());
  }
}
