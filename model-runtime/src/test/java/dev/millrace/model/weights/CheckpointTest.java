package dev.millrace.model.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CheckpointTest {
  private static final Path GOLDEN = Path.of("src/test/resources/golden/olmoe-tiny");
  private static final String INDEX = "model.safetensors.index.json";

  /** The one tensor that a checkpoint of {@link #CONFIG} must have; shape (1). */
  private static final String NORM = "model.layers.0.input_layernorm.weight";

  private static final String CONFIG =
      """
      {"model_type": "qwen3_moe", "hidden_size": 1, "num_attention_heads": 1, "head_dim": 2,
       "num_key_value_heads": 1, "num_hidden_layers": 1, "mlp_only_layers": [0]}
      """;

  @TempDir Path folder;

  @BeforeEach
  void writeConfig() throws IOException {
    Files.writeString(folder.resolve("config.json"), CONFIG);
  }

  @Test
  void open_folderOfHuggingFace_listsTensors() throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(GOLDEN)) {
      assertEquals(3 + 3 * (8 + 1 + 16 * 3), checkpoint.tensors().size());
      assertEquals(
          "model.embed_tokens.weight F32[320, 64]",
          checkpoint.tensor("model.embed_tokens.weight").toString());
      assertEquals(16, checkpoint.config().router().numExperts());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "pytorch_model.bin, from_pretrained(DIR).save_pretrained(DIR)",
    "pytorch_model-00001-of-00002.bin, from_pretrained(DIR).save_pretrained(DIR)",
    "consolidated.00.pth, from_pretrained(DIR).save_pretrained(DIR)",
    "olmoe-q8_0.gguf, the safetensors that it was made from",
  })
  void open_weightsThatAreNoSafetensors_saysWhatMakesThem(String file, String hint)
      throws IOException {
    Files.createFile(folder.resolve(file));
    InvalidWeightsException e =
        assertThrows(InvalidWeightsException.class, () -> Checkpoint.open(folder));
    assertTrue(
        e.getMessage().startsWith(folder + ": " + file + " is not read, expected"), e::getMessage);
    assertTrue(e.getMessage().contains(hint), e::getMessage);
  }

  @Test
  void open_noWeights_namesTheFile() {
    NoSuchFileException e = assertThrows(NoSuchFileException.class, () -> Checkpoint.open(folder));
    assertEquals(folder.resolve("model.safetensors").toString(), e.getMessage());
  }

  @Test
  void open_shards_joinsThem() throws IOException {
    shard("1.safetensors", NORM, 1);
    shard("2.safetensors", "b", 2);
    index("{\"NORM\":\"1.safetensors\",\"b\":\"2.safetensors\"}");
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      assertArrayEquals(new float[] {1}, checkpoint.tensor(NORM).floats());
      assertArrayEquals(new float[] {2}, checkpoint.tensor("b").floats());
    }
  }

  @Test
  void open_indexThatIsWrong_namesTheTensor() throws IOException {
    shard("1.safetensors", NORM, 1);
    shard("2.safetensors", "b", 2);
    assertIndexRefused("{\"NORM\":\"1.safetensors\",\"b\":\"1.safetensors\"}", "tensor b");
    assertIndexRefused("{\"NORM\":\"1.safetensors\",\"c\":\"2.safetensors\"}", "tensor b");
    assertIndexRefused("{\"a\":\"../1.safetensors\"}", "tensor a: file ../1.safetensors");
  }

  @Test
  void open_tensorInTwoShards_isRefused() throws IOException {
    shard("1.safetensors", NORM, 1);
    shard("2.safetensors", NORM, 2);
    assertIndexRefused(
        "{\"NORM\":\"1.safetensors\",\"b\":\"2.safetensors\"}", "tensor " + NORM + ": again");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"num_experts\": 16777216 | tensor model.layers.0.mlp.gate.weight: shape [16, 64],",
        "\"num_hidden_layers\": 4096 | tensor model.layers.3.input_layernorm.weight: missing",
        "\"num_hidden_layers\": 2 | tensor model.layers.2.input_layernorm.weight: num_hidden_layers is 2,",
        "\"hidden_size\": 1048576 | tensor model.layers.0.input_layernorm.weight: shape [64]",
      })
  void open_configThatCountsOtherThanThereIs_isRefusedBeforeItIsBelieved(
      String field, String message) throws IOException {
    Files.copy(GOLDEN.resolve("model.safetensors"), folder.resolve("model.safetensors"));
    String name = field.substring(0, field.indexOf(':'));
    Files.writeString(
        folder.resolve("config.json"),
        Files.readString(GOLDEN.resolve("config.json")).replaceAll(name + ": \\d+", field));
    assertRefused(message, () -> Checkpoint.open(folder));
  }

  @Test
  void open_layerThatPredictsFurtherTokens_isPassedOver() throws IOException {
    new SafetensorsWriter()
        .add(NORM, DType.F32, new float[] {1}, 1)
        .add("model.layers.1.input_layernorm.weight", DType.F32, new float[] {1}, 1)
        .add("model.layers.1.eh_proj.weight", DType.F32, new float[] {1, 1}, 1, 2)
        .write(folder.resolve("model.safetensors"));
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      assertEquals(1, checkpoint.config().numHiddenLayers());
    }
  }

  @Test
  void id_changedByte_isAnotherId() throws IOException {
    shard("model.safetensors", NORM, 1);
    String before = Checkpoint.idOf(folder);
    assertEquals(before, Checkpoint.idOf(folder));
    shard("model.safetensors", NORM, 2);
    assertNotEquals(before, Checkpoint.idOf(folder));
    assertTrue(Digest.isSha256(before));
  }

  @Test
  void id_notWantedAnyMore_ends() throws IOException {
    shard("model.safetensors", NORM, 1);
    Runnable unwanted =
        () -> {
          throw new CancellationException("the task ends");
        };
    assertThrows(CancellationException.class, () -> Checkpoint.idOf(folder, unwanted));
  }

  /** As a task that is cancelled is. */
  @Test
  void sha256_threadIsInterrupted_ends() throws IOException {
    shard("model.safetensors", NORM, 1);
    Thread.currentThread().interrupt();
    try {
      assertThrows(
          ClosedByInterruptException.class,
          () -> Digest.sha256(folder.resolve("model.safetensors")));
    } finally {
      assertTrue(Thread.interrupted());
    }
  }

  @Test
  void id_otherEndOfTextBesideTheConfig_isAnotherId() throws IOException {
    shard("model.safetensors", NORM, 1);
    String before = Checkpoint.idOf(folder);
    generation("{\"temperature\": 0.6}");
    assertEquals(before, Checkpoint.idOf(folder));
    generation("{\"eos_token_id\": [1, 2]}");
    String other = Checkpoint.idOf(folder);
    assertNotEquals(before, other);
    generation("{\"eos_token_id\": [1, 2], \"temperature\": 0.6}");
    assertEquals(other, Checkpoint.idOf(folder));
  }

  private void generation(String json) throws IOException {
    Files.writeString(folder.resolve("generation_config.json"), json);
  }

  @Test
  void values_fp8_areScaledBlockByBlock() throws IOException {
    quantize();
    byte[] ones = {0x38, 0x38, 0x38, 0x38, 0x38, 0x38};
    new SafetensorsWriter()
        .add(NORM, DType.F32, new float[] {1}, 1)
        .addRaw("matrix", DType.F8_E4M3, ones, 2, 3)
        .add("matrix_scale_inv", DType.F32, new float[] {2, 3}, 1, 2)
        .addRaw("stack", DType.F8_E4M3, ones, 2, 1, 3)
        .add("stack_scale_inv", DType.F32, new float[] {4, 5, 6, 7}, 2, 1, 2)
        .write(folder.resolve("model.safetensors"));
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      assertArrayEquals(new float[] {2, 2, 3, 2, 2, 3}, checkpoint.values("matrix", 2, 3));
      float[] row = new float[3];
      checkpoint.matrix("stack", 0, 2, 1, 3).read(0, 1, row);
      assertArrayEquals(new float[] {4, 4, 5}, row);
      checkpoint.matrix("stack", 1, 2, 1, 3).read(0, 1, row);
      assertArrayEquals(new float[] {6, 6, 7}, row);
    }
  }

  @Test
  void values_fp8WithoutScale_isRefused() throws IOException {
    quantize();
    new SafetensorsWriter()
        .add(NORM, DType.F32, new float[] {1}, 1)
        .addRaw("matrix", DType.F8_E4M3, new byte[4], 2, 2)
        .addRaw("stack", DType.F8_E4M3, new byte[4], 1, 2, 2)
        .addRaw("vector", DType.F8_E4M3, new byte[4], 4)
        .write(folder.resolve("model.safetensors"));
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      assertRefused("tensor matrix_scale_inv: missing", () -> checkpoint.values("matrix", 2, 2));
      assertRefused(
          "tensor stack_scale_inv: missing", () -> checkpoint.matrix("stack", 0, 1, 2, 2));
      assertRefused("tensor vector F8_E4M3[4]", () -> checkpoint.values("vector", 4));
    }
  }

  private void quantize() throws IOException {
    Path config = folder.resolve("config.json");
    String blocks =
        "{\"quantization_config\":{\"quant_method\":\"fp8\",\"weight_block_size\":[2,2]},";
    Files.writeString(config, blocks + Files.readString(config).substring(1));
  }

  private static void assertRefused(String message, Executable work) {
    InvalidWeightsException e = assertThrows(InvalidWeightsException.class, work);
    assertTrue(e.getMessage().contains(message), e::getMessage);
  }

  private void assertIndexRefused(String weightMap, String message) throws IOException {
    index(weightMap);
    assertRefused(message, () -> Checkpoint.open(folder));
  }

  private void shard(String file, String tensor, float value) throws IOException {
    new SafetensorsWriter()
        .add(tensor, DType.F32, new float[] {value}, 1)
        .write(folder.resolve(file));
  }

  private void index(String weightMap) throws IOException {
    Files.writeString(
        folder.resolve(INDEX),
        "{\"metadata\":{},\"weight_map\":" + weightMap.replace("NORM", NORM) + "}");
  }
}
