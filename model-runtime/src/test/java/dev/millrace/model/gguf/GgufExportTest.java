package dev.millrace.model.gguf;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.model.config.InvalidConfigException;
import dev.millrace.model.djl.RandomCheckpoint;
import dev.millrace.model.djl.StackedExperts;
import dev.millrace.model.weights.Checkpoint;
import dev.millrace.model.weights.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GgufExportTest {

  private static final Path NANO = Path.of("../models/nano");
  @TempDir static Path folder;
  private static GgufFile file;

  @BeforeAll
  static void write() throws IOException {
    Path gguf = folder.resolve("nano.gguf");
    GgufExport.write(NANO, gguf, name -> {});
    file = GgufFile.read(gguf);
  }

  @Test
  void metadata_nano_saysItsShape() {
    assertEquals("olmoe", file.metadata().get("general.architecture"));
    assertEquals(192, file.metadata().get("olmoe.embedding_length"));
    assertEquals(32, file.metadata().get("olmoe.expert_count"));
    assertEquals(4, file.metadata().get("olmoe.expert_used_count"));
    assertEquals(96, file.metadata().get("olmoe.feed_forward_length"));
    assertEquals(1e-5f, file.metadata().get("olmoe.attention.layer_norm_rms_epsilon"));
  }

  @Test
  void tokenizer_nano_isWhole() {
    List<?> tokens = (List<?>) file.metadata().get("tokenizer.ggml.tokens");
    List<?> types = (List<?>) file.metadata().get("tokenizer.ggml.token_type");
    assertEquals(4096, tokens.size());
    assertEquals(4096, types.size());
    assertEquals("<|endoftext|>", tokens.get(0));
    assertEquals(3, types.get(0));
    assertEquals("Ā", tokens.get(1));
    assertEquals("gpt-2", file.metadata().get("tokenizer.ggml.pre"));
  }

  @Test
  void write_expertsInStacks_areThoseOfOneByOne(@TempDir Path other) throws IOException {
    Path stacked = other.resolve("nano");
    StackedExperts.write(NANO, stacked);
    Files.copy(NANO.resolve("tokenizer.json"), stacked.resolve("tokenizer.json"));
    Path gguf = other.resolve("stacked.gguf");
    GgufExport.write(stacked, gguf, name -> {});
    assertEquals(-1, Files.mismatch(folder.resolve("nano.gguf"), gguf));
  }

  @Test
  void write_fp8WithoutEnd_isItsNumbersTimesTheirScalesAndEndsByName(@TempDir Path fp8)
      throws IOException {
    RandomCheckpoint.write(
        fp8,
        "{'model_type':'olmoe','vocab_size':4096,'hidden_size':32,'num_hidden_layers':1,"
            + "'num_attention_heads':2,'num_experts':3,'num_experts_per_tok':2,"
            + "'intermediate_size':64,'eos_token_id':-1,"
            + "'quantization_config':{'quant_method':'fp8','weight_block_size':[6,10]}}",
        DType.F8_E4M3,
        3);
    Files.copy(NANO.resolve("tokenizer.json"), fp8.resolve("tokenizer.json"));
    GgufExport.write(fp8, fp8.resolve("x.gguf"), name -> {});
    GgufFile written = GgufFile.read(fp8.resolve("x.gguf"));
    assertEquals(0, written.metadata().get("tokenizer.ggml.eos_token_id"));
    try (Checkpoint checkpoint = Checkpoint.open(fp8)) {
      String expert = "model.layers.0.mlp.experts.2.down_proj.weight";
      float[] one = checkpoint.values(expert, 32, 64);
      assertClose(one, written.floats("blk.0.ffn_down_exps.weight"), 2 * one.length);
      assertArrayEquals(
          checkpoint.values("model.layers.0.mlp.gate.weight", 3, 32),
          written.floats("blk.0.ffn_gate_inp.weight"));
    }
  }

  @Test
  void write_tokensThatEndATextHere_endItThere(@TempDir Path other) throws IOException {
    for (String name : List.of("config.json", "model.safetensors", "tokenizer.json")) {
      Files.copy(NANO.resolve(name), other.resolve(name));
    }
    Path generation = other.resolve("generation_config.json");
    Path gguf = other.resolve("x.gguf");
    Files.writeString(generation, "{\"eos_token_id\": [7, 5000, 9]}");
    GgufExport.write(other, gguf, name -> {});
    Map<String, Object> metadata = GgufFile.read(gguf).metadata();
    assertEquals(7, metadata.get("tokenizer.ggml.eos_token_id"));
    assertEquals(9, metadata.get("tokenizer.ggml.eot_token_id"));
    assertFalse(metadata.containsKey("tokenizer.ggml.eom_token_id"));
    Files.writeString(generation, "{\"eos_token_id\": [1, 2, 3, 4]}");
    InvalidConfigException refused =
        assertThrows(InvalidConfigException.class, () -> GgufExport.write(other, gguf, name -> {}));
    assertTrue(
        refused.getMessage().startsWith("eos_token_id is [1, 2, 3, 4], expected at most 3"),
        refused::getMessage);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "\"normalizer\" : null; \"normalizer\" : {\"type\": \"Lowercase\"}; normalizer",
        "\"normalizer\" : null; \"normalizer\" : {\"type\": \"Sequence\", \"normalizers\":"
            + " [{\"type\": \"NFC\"}, {\"type\": \"Lowercase\"}]}; normalizer",
        "\"add_prefix_space\" : false; \"add_prefix_space\" : true; add_prefix_space"
      })
  void write_tokenizerThatChangesTexts_isRefusedByName(
      String is, String other, String name, @TempDir Path changed) throws IOException {
    for (String file : List.of("config.json", "model.safetensors")) {
      Files.copy(NANO.resolve(file), changed.resolve(file));
    }
    String json = Files.readString(NANO.resolve("tokenizer.json"));
    assertTrue(json.contains(is));
    Files.writeString(changed.resolve("tokenizer.json"), json.replace(is, other));
    InvalidConfigException refused =
        assertThrows(
            InvalidConfigException.class,
            () -> GgufExport.write(changed, changed.resolve("x.gguf"), tensor -> {}));
    assertTrue(refused.getMessage().contains(name + " is "), refused::getMessage);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "{'type':'NFC'}", "{'type':'Sequence','normalizers':[]}"})
  void tokenizer_normalizersThatAreLetBe_areAsNone(String member) throws IOException {
    String json = Files.readString(NANO.resolve("tokenizer.json"));
    String sequence = "{'type':'Sequence','normalizers':[%s]}".formatted(member).replace('\'', '"');
    String changed = json.replace("\"normalizer\" : null", "\"normalizer\" : " + sequence);
    assertTrue(changed.contains(sequence));
    assertEquals(
        BpeTables.parse(json.getBytes(UTF_8), List.of(0), 4096),
        BpeTables.parse(changed.getBytes(UTF_8), List.of(0), 4096));
  }

  /** By their name llama.cpp also takes words that are tokens whole, or merges them. */
  @ParameterizedTest
  @CsvSource({
    "'{1,3}', true, llama-bpe",
    "'{1,3}', false, dbrx",
    "'', false, qwen2",
  })
  void parse_splitsOfOthers_haveTheNameOfWhatDoesTheSame(
      String digits, boolean whole, String expected) throws IOException {
    byte[] json = splitBy(digits, whole, "Isolated", List.of());
    assertEquals(expected, BpeTables.parse(json, List.of(0), 4096).pre());
  }

  @ParameterizedTest
  @CsvSource({
    "true, Isolated, , model.ignore_merges is true",
    "false, Removed, , pre_tokenizer is ",
    "false, Isolated, Digits, pre_tokenizer is ",
    "false, Isolated, Whitespace, pre_tokenizer is ",
  })
  void parse_splitsThatLlamaCppHasNoNameOf_areRefused(
      boolean whole, String behavior, @Nullable String more, String expected) throws IOException {
    byte[] json = splitBy("", whole, behavior, more == null ? List.of() : List.of(more));
    InvalidConfigException refused =
        assertThrows(InvalidConfigException.class, () -> BpeTables.parse(json, List.of(0), 4096));
    assertTrue(refused.getMessage().startsWith("tokenizer.json: " + expected), refused::getMessage);
  }

  /** Nano's tokenizer, cut as Qwen2's or Llama 3's is, and further by other steps. */
  private static byte[] splitBy(String digits, boolean whole, String behavior, List<String> more)
      throws IOException {
    ObjectMapper mapper = new ObjectMapper();
    ObjectNode json = (ObjectNode) mapper.readTree(NANO.resolve("tokenizer.json").toFile());
    ((ObjectNode) json.path("model")).put("ignore_merges", whole);
    ArrayNode steps =
        json.putObject("pre_tokenizer").put("type", "Sequence").putArray("pretokenizers");
    ObjectNode split = steps.addObject().put("type", "Split").put("behavior", behavior);
    split
        .put("invert", false)
        .putObject("pattern")
        .put(
            "Regex",
            "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}"
                + digits
                + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+");
    more.forEach(type -> steps.addObject().put("type", type));
    steps.addObject().put("type", "ByteLevel").put("use_regex", false);
    return mapper.writeValueAsBytes(json);
  }

  @Test
  void write_textsThatBeginWithTwoTokens_areRefused(@TempDir Path other) throws IOException {
    for (String name : List.of("config.json", "model.safetensors")) {
      Files.copy(NANO.resolve(name), other.resolve(name));
    }
    String json = Files.readString(NANO.resolve("tokenizer.json"));
    String none = "\"post_processor\" : null";
    assertTrue(json.contains(none));
    String piece = "{'SpecialToken': {'id': 'a', 'type_id': 0}}";
    String two =
        "'post_processor': {'type': 'TemplateProcessing', 'pair': [], 'single': [%s, %s, {'Sequence': {'id': 'A', 'type_id': 0}}], 'special_tokens': {'a': {'id': 'a', 'ids': [7], 'tokens': ['a']}}}"
            .formatted(piece, piece)
            .replace('\'', '"');
    Files.writeString(other.resolve("tokenizer.json"), json.replace(none, two));
    Path gguf = other.resolve("x.gguf");
    InvalidConfigException refused =
        assertThrows(InvalidConfigException.class, () -> GgufExport.write(other, gguf, name -> {}));
    assertEquals(
        "tokenizer.json: texts begin with [7, 7], expected one token at most: llama.cpp knows no"
            + " more",
        refused.getMessage());
  }

  @Test
  void tensors_routerAndNorms_areExact() throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(NANO)) {
      assertArrayEquals(
          checkpoint.tensor("model.layers.2.mlp.gate.weight").floats(),
          file.floats("blk.2.ffn_gate_inp.weight"));
      assertArrayEquals(
          checkpoint.tensor("model.layers.3.input_layernorm.weight").floats(),
          file.floats("blk.3.attn_norm.weight"));
    }
  }

  @Test
  void tensors_expertsAndHead_areWithinHalfALevel() throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(NANO)) {
      assertEquals(
          List.of(192L, 96L, 32L), file.infos().get("blk.1.ffn_up_exps.weight").dimensions());
      float[] all = file.floats("blk.1.ffn_up_exps.weight");
      float[] one = checkpoint.tensor("model.layers.1.mlp.experts.31.up_proj.weight").floats();
      assertClose(one, all, 31 * one.length);
      float[] head = checkpoint.tensor("lm_head.weight").floats();
      assertClose(head, file.floats("output.weight"), 0);
    }
  }

  /** Half a level of the block's largest value, and what binary16 takes off its scale. */
  private static void assertClose(float[] expected, float[] actual, int from) {
    for (int block = 0; block < expected.length; block += 32) {
      float max = 0;
      for (int i = block; i < block + 32; i++) {
        max = Math.max(max, Math.abs(expected[i]));
      }
      for (int i = block; i < block + 32; i++) {
        assertEquals(expected[i], actual[from + i], max * (0.5 / 127 + 0x1p-11) + 1e-9);
      }
    }
  }

  @Test
  void binary16_ofEveryHalf_isThatHalf() {
    for (int bits = 0; bits < 0x10000; bits++) {
      float value = GgufFile.half((short) bits);
      if (!Float.isNaN(value)) {
        assertEquals((short) bits, Binary16.of(value), () -> "for " + value);
      }
    }
    assertEquals((short) 0x3c00, Binary16.of(1 + 0x1p-11f), "a tie goes to the even one");
    assertEquals((short) 0x3c02, Binary16.of(1 + 3 * 0x1p-11f), "a tie goes to the even one");
    assertEquals((short) 0x7c00, Binary16.of(1e6f));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"\"clip_qkv\" : 8.0", "\"norm_topk_prob\" : true", "\"num_key_value_heads\" : 3"})
  void write_optionThatLlamaCppLeavesOut_isRefusedByName(String option) throws IOException {
    String name = option.substring(1, option.indexOf('"', 1));
    Path changed = Files.createDirectories(folder.resolve(name));
    String config = Files.readString(NANO.resolve("config.json"));
    Files.writeString(
        changed.resolve("config.json"), config.replaceAll("\"" + name + "\" : [^,]*", option));
    Files.copy(NANO.resolve("model.safetensors"), changed.resolve("model.safetensors"));
    Path out = changed.resolve("x.gguf");
    InvalidConfigException refused =
        assertThrows(
            InvalidConfigException.class, () -> GgufExport.write(changed, out, tensor -> {}));
    assertTrue(refused.getMessage().contains(name), refused::getMessage);
    assertTrue(Files.notExists(out));
  }
}
