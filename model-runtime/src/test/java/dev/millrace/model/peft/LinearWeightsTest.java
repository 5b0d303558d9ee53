package dev.millrace.model.peft;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.model.adapter.AdapterPlan;
import dev.millrace.model.adapter.Difference;
import dev.millrace.model.adapter.InvalidAdapterException;
import dev.millrace.model.adapter.NamePatterns;
import dev.millrace.model.adapter.Site;
import dev.millrace.model.weights.Safetensors;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Dense and shared parts beside routed experts, whose modules have the same last names: PEFT 0.19
 * and newer take those in target_modules for the experts' (_convert_peft_config_moe).
 */
class LinearWeightsTest {

  private static final String DENSE = "model.layers.0.mlp";
  private static final String SPARSE = "model.layers.1.mlp";
  private static final String EXPERTS = SPARSE + ".experts";
  private static final List<Site> SITES =
      List.of(
          Site.linear("model.layers.0.self_attn.q_proj", 6, 6),
          Site.linear(DENSE + ".gate_proj", 6, 5),
          Site.linear(DENSE + ".down_proj", 5, 6),
          Site.linear(SPARSE + ".shared_experts.gate_proj", 6, 7),
          Site.experts(
              EXPERTS + ".gate_up_proj",
              6,
              8,
              3,
              List.of(EXPERTS + ".%d.gate_proj", EXPERTS + ".%d.up_proj")),
          Site.experts(EXPERTS + ".down_proj", 4, 6, 3, List.of(EXPERTS + ".%d.down_proj")));

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void toFiles_partsNamedAsExpertsAre_areTargetedByTheirWeight(boolean routed) throws IOException {
    SortedMap<String, byte[]> files = PeftFolder.toFiles(random(routed), "");

    JsonNode config = config(files);
    assertEquals("[\"q_proj\"]", config.get("target_modules").toString());
    assertEquals(
        routed
            ? "[\"mlp.down_proj.weight\",\"mlp.experts.down_proj\",\"mlp.experts.gate_up_proj\","
                + "\"mlp.gate_proj.weight\",\"shared_experts.gate_proj.weight\"]"
            : "[\"mlp.down_proj.weight\",\"mlp.gate_proj.weight\","
                + "\"shared_experts.gate_proj.weight\"]",
        config.get("target_parameters").toString());
    // ParamWrapper keeps a parameter of two dimensions as a linear layer's pair is kept.
    Safetensors file = Safetensors.parse(files.get(PeftFolder.WEIGHTS));
    file.tensor("base_model.model." + DENSE + ".gate_proj.lora_A.weight").require(2, 6);
    file.tensor("base_model.model." + DENSE + ".gate_proj.lora_B.weight").require(5, 2);
    assertEquals(0, Difference.of(random(routed), read(files), 1));
  }

  @Test
  void initial_rankStabilised_scalesByTheRootOfTheRankAndSaysSo() throws IOException {
    LoraWeights stable =
        Lora.KIND.initial(new AdapterPlan(4, 8, false, true, NamePatterns.none()), SITES, 3);
    for (LoraPair pair : stable.pairs()) {
      assertEquals(8 / Math.sqrt(4), stable.scale(pair));
    }
    SortedMap<String, byte[]> files = PeftFolder.toFiles(ExpertLayoutTest.random(stable), "");
    assertTrue(config(files).get("use_rslora").asBoolean());
    assertEquals(0, Difference.of(ExpertLayoutTest.random(stable), read(files), 1));
  }

  @Test
  void initial_patterns_setRanksAndScalesWhereTheyFitAndMustFitSomewhere() throws IOException {
    NamePatterns patterns =
        new NamePatterns(Map.of("mlp\\.experts\\..*", "1"), Map.of("down_proj.*", "12"));
    LoraWeights mixed = Lora.KIND.initial(new AdapterPlan(4, 8, true, false, patterns), SITES, 3);
    for (LoraPair pair : mixed.pairs()) {
      boolean experts = pair.site().place() == Site.Place.EXPERTS;
      boolean down = pair.site().name().contains("down_proj");
      assertEquals(experts ? 1 : 4, pair.rank(), pair.site().name());
      assertEquals((down ? 12.0 : 8.0) / pair.rank(), mixed.scale(pair), pair.site().name());
    }
    SortedMap<String, byte[]> files = PeftFolder.toFiles(ExpertLayoutTest.random(mixed), "");
    assertEquals(0, Difference.of(ExpertLayoutTest.random(mixed), read(files), 1));
    AdapterPlan nowhere =
        new AdapterPlan(4, 8, false, false, new NamePatterns(Map.of("lm_head", "2"), Map.of()));
    var problem =
        assertThrows(IllegalArgumentException.class, () -> Lora.KIND.initial(nowhere, SITES, 3));
    assertTrue(problem.getMessage().contains("pattern lm_head fits no part"), problem.getMessage());
  }

  @Test
  void in_modulesAndBack_isTheSameToTheByteAndNamesNoPartTwice() throws IOException {
    SortedMap<String, byte[]> files = PeftFolder.toFiles(random(true), "");
    SortedMap<String, byte[]> modules =
        PeftFolder.toFiles(PeftFolder.in(ExpertLayout.MODULES, read(files), SITES), "");

    List<String> targets = texts(config(modules).get("target_modules"));
    assertTrue(Targets.cover(targets, EXPERTS + ".2.gate_proj"), targets::toString);
    for (Site site : SITES.subList(1, 4)) {
      assertTrue(!Targets.cover(targets, site.name()), targets + " covers " + site.name());
      List<String> parameters = texts(config(modules).get("target_parameters"));
      assertTrue(Targets.cover(parameters, site.name() + ".weight"), parameters::toString);
    }
    SortedMap<String, byte[]> back =
        PeftFolder.toFiles(PeftFolder.in(ExpertLayout.PARAMETERS, read(modules), SITES), "");
    assertArrayEquals(files.get(PeftFolder.WEIGHTS), back.get(PeftFolder.WEIGHTS));
    assertArrayEquals(files.get(PeftFolder.CONFIG), back.get(PeftFolder.CONFIG));
  }

  @Test
  void parse_partsTargetedAsModules_keepTheirRanksAndAlphasUnderOtherNames() throws IOException {
    LoraConfig plain =
        new LoraConfig(2, 4, false, List.of("q_proj", "mlp.gate_proj", "shared_experts.gate_proj"));
    LoraWeights before =
        ExpertLayoutTest.random(
            LoraWeights.initial(
                plain.withPatterns(
                    new TreeMap<>(Map.of("mlp.gate_proj", 3)),
                    new TreeMap<>(Map.of("shared_experts.gate_proj", 9.0))),
                SITES,
                5));
    LoraWeights read = read(PeftFolder.toFiles(before, "")); // as PEFT under transformers 4 has it

    assertEquals(0, Difference.of(before, read, 1));
    SortedMap<String, byte[]> ours = PeftFolder.toFiles(read, "");
    assertEquals("[\"q_proj\"]", config(ours).get("target_modules").toString());
    assertEquals(3, config(ours).at("/rank_pattern/mlp\\.gate_proj\\.weight").asInt());
    assertEquals(
        9, config(ours).at("/alpha_pattern/shared_experts\\.gate_proj\\.weight").asDouble());
    assertEquals(0, Difference.of(before, read(ours), 1));
  }

  @Test
  void parse_whatPeftSavesOfExpertsThatItConverted_isRead() throws IOException {
    SortedMap<String, byte[]> files = PeftFolder.toFiles(random(true), "");
    List<Site> experts = SITES.subList(4, 6);
    LoraWeights alone = new LoraWeights(random(true).config(), random(true).pairs().subList(4, 6));
    files.put(PeftFolder.WEIGHTS, PeftFolder.toFiles(alone, "").get(PeftFolder.WEIGHTS));
    ObjectNode config = config(files);
    config.putArray("target_modules");
    config.putArray("target_parameters").add("gate_up_proj").add("down_proj");
    config.put("r", 1).put("lora_alpha", 2);
    config.putObject("rank_pattern").put(".*\\.gate_up_proj", 2).put(".*\\.down_proj", 2);
    config.putObject("alpha_pattern").put(".*\\.gate_up_proj", 4).put(".*\\.down_proj", 4);
    LoraWeights read = read(with(files, config));

    assertEquals(experts, read.pairs().stream().map(LoraPair::site).toList());
    assertEquals(0, Difference.of(alone, read, 1));
  }

  @Test
  void parse_aPartNamedTwice_isRefused() throws IOException {
    SortedMap<String, byte[]> files = PeftFolder.toFiles(random(false), "");
    ObjectNode config = config(files);
    ((ArrayNode) config.get("target_modules")).add("mlp.gate_proj");
    var refused = assertThrows(InvalidAdapterException.class, () -> read(with(files, config)));
    assertEquals(
        "adapter_config.json: target_modules and target_parameters both name"
            + " model.layers.0.mlp.gate_proj, expected one of them",
        refused.getMessage());
  }

  private static LoraWeights random(boolean routed) {
    return ExpertLayoutTest.random(Lora.KIND.initial(new AdapterPlan(2, 4, routed), SITES, 3));
  }

  private static LoraWeights read(SortedMap<String, byte[]> files) {
    return PeftFolder.parse(files.get(PeftFolder.CONFIG), files.get(PeftFolder.WEIGHTS), SITES);
  }

  private static ObjectNode config(SortedMap<String, byte[]> files) throws IOException {
    return (ObjectNode) new ObjectMapper().readTree(files.get(PeftFolder.CONFIG));
  }

  private static SortedMap<String, byte[]> with(
      SortedMap<String, byte[]> files, ObjectNode config) {
    SortedMap<String, byte[]> changed = new TreeMap<>(files);
    try {
      changed.put(PeftFolder.CONFIG, new ObjectMapper().writeValueAsBytes(config));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return changed;
  }

  private static List<String> texts(JsonNode array) {
    List<String> texts = new ArrayList<>();
    array.forEach(text -> texts.add(text.asText()));
    return texts;
  }
}
