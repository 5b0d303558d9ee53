package dev.millrace.model.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointTest {
  private static final Path GOLDEN = Path.of("src/test/resources/golden/olmoe-tiny");
  private static final String INDEX = "model.safetensors.index.json";

  @TempDir Path folder;

  @BeforeEach
  void copyConfig() throws IOException {
    Files.copy(GOLDEN.resolve("config.json"), folder.resolve("config.json"));
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

  @Test
  void open_shards_joinsThem() throws IOException {
    shard("1.safetensors", "a", 1);
    shard("2.safetensors", "b", 2);
    index("{\"a\":\"1.safetensors\",\"b\":\"2.safetensors\"}");
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      assertArrayEquals(new float[] {1}, checkpoint.tensor("a").floats());
      assertArrayEquals(new float[] {2}, checkpoint.tensor("b").floats());
    }
  }

  @Test
  void open_indexThatIsWrong_namesTheTensor() throws IOException {
    shard("1.safetensors", "a", 1);
    shard("2.safetensors", "b", 2);
    assertRefused("{\"a\":\"1.safetensors\",\"b\":\"1.safetensors\"}", "tensor b");
    assertRefused("{\"a\":\"1.safetensors\",\"c\":\"2.safetensors\"}", "tensor b");
    assertRefused("{\"a\":\"../1.safetensors\"}", "tensor a: file ../1.safetensors");
  }

  @Test
  void open_tensorInTwoShards_isRefused() throws IOException {
    shard("1.safetensors", "a", 1);
    shard("2.safetensors", "a", 2);
    assertRefused("{\"a\":\"1.safetensors\",\"b\":\"2.safetensors\"}", "tensor a: again");
  }

  @Test
  void id_changedByte_isAnotherId() throws IOException {
    shard("model.safetensors", "a", 1);
    String before = id();
    assertEquals(before, id());
    shard("model.safetensors", "a", 2);
    assertNotEquals(before, id());
    assertTrue(Digest.isSha256(before));
  }

  private String id() throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      return checkpoint.id();
    }
  }

  private void assertRefused(String weightMap, String message) throws IOException {
    index(weightMap);
    InvalidWeightsException e =
        assertThrows(InvalidWeightsException.class, () -> Checkpoint.open(folder));
    assertTrue(e.getMessage().contains(message), e::getMessage);
  }

  private void shard(String file, String tensor, float value) throws IOException {
    new SafetensorsWriter()
        .add(tensor, DType.F32, new float[] {value}, 1)
        .write(folder.resolve(file));
  }

  private void index(String weightMap) throws IOException {
    Files.writeString(folder.resolve(INDEX), "{\"metadata\":{},\"weight_map\":" + weightMap + "}");
  }
}
