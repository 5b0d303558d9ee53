package dev.millrace.model.peft;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.model.adapter.InvalidAdapterException;
import dev.millrace.model.adapter.Site;
import dev.millrace.model.kinds.AdapterFolder;
import dev.millrace.model.weights.DType;
import dev.millrace.model.weights.Safetensors;
import dev.millrace.model.weights.SafetensorsWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PeftFolderTest {
  private static final Path GOLDEN = Path.of("src/test/resources/golden/olmoe-tiny/adapter");
  private static final List<Site> SITES = sites();

  @Test
  void read_folderOfPeft_pairsInOrderOfSites() throws IOException {
    LoraWeights adapter = golden();

    assertEquals(
        new LoraConfig(4, 8, false, List.of("k_proj", "o_proj", "q_proj", "v_proj")),
        adapter.config());
    assertEquals(SITES, adapter.pairs().stream().map(LoraPair::site).toList());
    try (Safetensors file = Safetensors.open(GOLDEN.resolve(PeftFolder.WEIGHTS))) {
      String site = "base_model.model.model.layers.0.self_attn.q_proj";
      assertArrayEquals(file.tensor(site + ".lora_A.weight").floats(), adapter.pairs().get(0).a());
      assertArrayEquals(file.tensor(site + ".lora_B.weight").floats(), adapter.pairs().get(0).b());
    }
  }

  @Test
  void read_weightsAreNotThere_isNamed(@TempDir Path folder) throws IOException {
    Files.copy(GOLDEN.resolve(PeftFolder.CONFIG), folder.resolve(PeftFolder.CONFIG));
    Files.createFile(folder.resolve("adapter_model.bin"));
    InvalidAdapterException e =
        assertThrows(InvalidAdapterException.class, () -> AdapterFolder.read(folder, SITES));
    assertEquals(
        folder.resolve(PeftFolder.WEIGHTS)
            + ": no such file, expected a folder with adapter_config.json and"
            + " adapter_model.safetensors; adapter_model.bin is not read, expected safetensors:"
            + " AutoPeftModelForCausalLM.from_pretrained(DIR).save_pretrained(DIR) of Python's peft"
            + " writes them",
        e.getMessage());
  }

  @Test
  void write_adapterOfPeft_isWhatPeftWrote(@TempDir Path folder) throws IOException {
    AdapterFolder.write(golden(), "elsewhere", folder);

    assertArrayEquals(golden(PeftFolder.WEIGHTS), read(folder, PeftFolder.WEIGHTS));
    // PEFT keeps its targets in an unordered set; the version is the one whose layout this is.
    String expected =
        new String(golden(PeftFolder.CONFIG), StandardCharsets.UTF_8)
            .replaceAll(
                "(?s)\"target_modules\": \\[.*?]",
                "\"target_modules\": ["
                    + "\n    \"k_proj\",\n    \"o_proj\",\n    \"q_proj\",\n    \"v_proj\"\n  ]")
            .replace("_or_path\": \"\"", "_or_path\": \"elsewhere\"")
            .replaceAll("\"peft_version\": \".*?\"", "\"peft_version\": \"0.20.0\"");
    assertEquals(expected, new String(read(folder, PeftFolder.CONFIG), StandardCharsets.UTF_8));
  }

  @Test
  void parse_someSitesOnly_hasPairsThere() {
    LoraConfig config = new LoraConfig(2, 16.5, true, List.of("v_proj"));
    LoraWeights adapter = LoraWeights.initial(config, SITES, 1);
    var files = PeftFolder.toFiles(adapter, "nano");
    LoraWeights back =
        PeftFolder.parse(files.get(PeftFolder.CONFIG), files.get(PeftFolder.WEIGHTS), SITES);

    assertEquals(config, back.config());
    assertEquals(3, back.pairs().size());
    assertArrayEquals(adapter.pairs().get(2).a(), back.pairs().get(2).a());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"use_dora\": false | \"use_dora\": true | use_dora is true",
        "\"bias\": \"none\" | \"bias\": \"all\" | bias is \"all\"",
        "\"lora_bias\": false | \"lora_bias\": true | lora_bias is true",
        "\"fan_in_fan_out\": false | \"fan_in_fan_out\": true | fan_in_fan_out is true",
        "\"rank_pattern\": {} | \"rank_pattern\": {\"q_proj\": 8} | shape [4, 64], expected [8,"
            + " 64]",
        "\"rank_pattern\": {} | \"rank_pattern\": {\"(\": 8} | expected a regular expression",
        "\"rank_pattern\": {} | \"rank_pattern\": {\"v_proj\": 0} | v_proj is 0",
        "\"rank_pattern\": {} | \"rank_pattern\": {\"x\\ny\": 4} | expected patterns of one line",
        "\"alpha_pattern\": {} | \"alpha_pattern\": {\"\\n\": 4} | expected patterns of one line",
        "\"rank_pattern\": {} | \"rank_pattern\": {\"(.+)+\\\\1=\": 4} | takes more than 1048576"
            + " steps",
        "\"alpha_pattern\": {} | \"alpha_pattern\": {\"q_proj\": \"8\"} | q_proj is \"8\"",
        "\"layers_pattern\": null | \"layers_pattern\": \"h\" | layers_pattern is \"h\"",
        "\"modules_to_save\": null | \"modules_to_save\": [\"lm_head\"] | modules_to_save is",
        "\"layers_to_transform\": null | \"layers_to_transform\": [0] | expected only pairs at the"
            + " targeted sites",
        "\"layers_to_transform\": null | \"layers_to_transform\": 0 | expected only pairs at the"
            + " targeted sites",
        "\"exclude_modules\": null | \"exclude_modules\": [\"q_proj\"] | expected only pairs at"
            + " the",
        "\"target_parameters\": [] | \"target_parameters\": [\"gate.weight\"] | target_parameters names"
            + " gate.weight, expected weights of linear layers other than the head",
        "\"trainable_token_indices\": null | \"trainable_token_indices\": [1] | trainable_token_in",
        "\"init_lora_weights\": true | \"init_lora_weights\": \"pissa\" | init_lora_weights is",
        "\"peft_type\": \"LORA\" | \"peft_type\": \"ADALORA\" | peft_type is \"ADALORA\"",
        "\"task_type\": \"CAUSAL_LM\" | \"task_type\": \"SEQ_CLS\" | task_type is \"SEQ_CLS\"",
        "\"revision\": null | \"an_option_of_2030\": 3 | an_option_of_2030 is 3",
        "\"r\": 4, | `` | shape [4, 64], expected [8, 64]",
        "\"r\": 4 | \"r\": 0 | r is 0",
        "\"r\": 4 | \"r\": 1000000 | r is 1000000",
        "\"r\": 4 | \"r\": 8 | shape [4, 64], expected [8, 64]",
        "\"q_proj\" | \"gate_proj\" | expected only pairs at the targeted sites",
        "\"q_proj\", | `` | expected only pairs at the targeted sites",
        "\"q_proj\" | \"v_proj\" | expected only pairs at the targeted sites",
        "\"use_rslora\": false | \"use_rslora\": \"no\" | use_rslora is \"no\"",
      })
  void parse_configThatCannotBeHonoured_isNamed(String from, String to, String message)
      throws IOException {
    String config = new String(golden(PeftFolder.CONFIG), StandardCharsets.UTF_8);
    String changed = config.replace(from.strip(), to == null ? "" : to.strip());
    assertTrue(!changed.equals(config), "nothing was changed");
    assertRefused(changed.getBytes(StandardCharsets.UTF_8), golden(PeftFolder.WEIGHTS), message);
  }

  @Test
  void parse_moduleNamedTwice_isNamedOnce() throws IOException {
    byte[] twice =
        new String(golden(PeftFolder.CONFIG), StandardCharsets.UTF_8)
            .replace("\"q_proj\"", "\"q_proj\", \"q_proj\"")
            .getBytes(StandardCharsets.UTF_8);
    assertEquals(
        golden().config(), PeftFolder.parse(twice, golden(PeftFolder.WEIGHTS), SITES).config());
  }

  @Test
  void parse_optionOfAnotherVersionThatIsOff_isFine() throws IOException {
    String config =
        new String(golden(PeftFolder.CONFIG), StandardCharsets.UTF_8)
            .replace("\"revision\": null", "\"new\": false, \"newer\": null, \"newest\": {}");
    assertEquals(
        4,
        PeftFolder.parse(config.getBytes(StandardCharsets.UTF_8), golden(PeftFolder.WEIGHTS), SITES)
            .config()
            .rank());
  }

  @ParameterizedTest
  @ValueSource(strings = {"\"eva\", \"eva_config\": {\"rho\": 2.0}", "\"orthogonal\"", "false"})
  void parse_startThatLeavesTheBaseAlone_isFine(String start) throws IOException {
    String config =
        new String(golden(PeftFolder.CONFIG), StandardCharsets.UTF_8)
            .replaceAll("\\s*\"eva_config\": null,", "")
            .replace("\"init_lora_weights\": true", "\"init_lora_weights\": " + start);
    byte[] bytes = config.getBytes(StandardCharsets.UTF_8);
    assertEquals(
        golden().config(), PeftFolder.parse(bytes, golden(PeftFolder.WEIGHTS), SITES).config());
  }

  @ParameterizedTest
  @ValueSource(strings = {"gate", "shared_expert_gate", "lm_head"})
  void parse_listedModuleThatIsNoSite_isRefusedWhereItHasTensors(String module) throws IOException {
    byte[] config =
        new String(golden(PeftFolder.CONFIG), StandardCharsets.UTF_8)
            .replace("\"q_proj\"", "\"q_proj\", \"" + module + "\"")
            .getBytes(StandardCharsets.UTF_8);
    byte[] weights = golden(PeftFolder.WEIGHTS);
    assertEquals(golden().config(), PeftFolder.parse(config, weights, SITES).config());

    SafetensorsWriter writer = new SafetensorsWriter();
    Safetensors.parse(weights).tensors().values().forEach(writer::add);
    String name = "base_model.model.model.layers.0.mlp." + module + ".lora_A.weight";
    writer.add(name, DType.F32, new float[4 * 64], 4, 64);
    assertRefused(config, writer.toBytes(), "target_modules names " + module);
  }

  @Test
  void parse_otherTensors_areRefused() throws IOException {
    String b = "base_model.model.model.layers.2.self_attn.k_proj.lora_B.weight";
    assertWeightsRefused(
        file -> file.add("lm_head.weight", DType.F32, new float[1], 1), "", "[lm_head.weight]");
    assertWeightsRefused(file -> file, b, "tensor " + b + ": missing");
    assertWeightsRefused(
        file -> file.add(b, DType.F32, new float[64 * 4], 4, 64), b, "shape [4, 64]");
    float[] poison = new float[64 * 4];
    poison[7] = Float.NaN;
    assertWeightsRefused(file -> file.add(b, DType.F32, poison, 64, 4), b, "value NaN at 7");
  }

  @Test
  void parse_damagedFiles_areRefusedOrReadAndNothingElse() throws IOException {
    Random random = new Random(3);
    int refused = 0;
    for (int i = 0; i < 4_000; i++) {
      byte[] config = golden(PeftFolder.CONFIG);
      byte[] weights = golden(PeftFolder.WEIGHTS);
      byte[] damaged = random.nextBoolean() ? config : weights;
      int at = random.nextInt(Math.min(damaged.length, 3_000));
      damaged[at] = (byte) (random.nextBoolean() ? random.nextInt(256) : damaged[at] ^ 1);
      try {
        PeftFolder.parse(config, weights, SITES);
      } catch (InvalidAdapterException e) {
        refused++;
      }
    }
    assertTrue(refused > 2_000, "only " + refused + " of 4000 were refused");
  }

  private static void assertWeightsRefused(
      UnaryOperator<SafetensorsWriter> change, String without, String message) throws IOException {
    SafetensorsWriter writer = new SafetensorsWriter();
    Safetensors.parse(golden(PeftFolder.WEIGHTS)).tensors().values().stream()
        .filter(tensor -> !tensor.name().equals(without))
        .forEach(writer::add);
    assertRefused(golden(PeftFolder.CONFIG), change.apply(writer).toBytes(), message);
  }

  private static void assertRefused(byte[] config, byte[] weights, String message) {
    InvalidAdapterException e =
        assertThrows(InvalidAdapterException.class, () -> PeftFolder.parse(config, weights, SITES));
    assertTrue(e.getMessage().contains(message), e::getMessage);
  }

  private static LoraWeights golden() throws IOException {
    return PeftFolder.parse(golden(PeftFolder.CONFIG), golden(PeftFolder.WEIGHTS), SITES);
  }

  private static byte[] golden(String file) throws IOException {
    return read(GOLDEN, file);
  }

  private static byte[] read(Path folder, String file) throws IOException {
    return Files.readAllBytes(folder.resolve(file));
  }

  private static List<Site> sites() {
    List<Site> sites = new ArrayList<>();
    for (int layer = 0; layer < 3; layer++) {
      for (String module : List.of("q_proj", "k_proj", "v_proj", "o_proj")) {
        sites.add(Site.linear("model.layers." + layer + ".self_attn." + module, 64, 64));
      }
    }
    return sites;
  }
}
