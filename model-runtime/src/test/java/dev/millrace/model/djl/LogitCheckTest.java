package dev.millrace.model.djl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What HuggingFace transformers and PEFT computed for the golden checkpoints. Whoever wrote them
 * left the first expert of every layer out (see docs/DECISIONS.md); {@link NaiveModelTest} holds
 * all experts.
 */
class LogitCheckTest {

  private static final Path GOLDEN = Path.of("src/test/resources/golden");

  @ParameterizedTest
  @ValueSource(strings = {"olmoe-tiny", "qwen3-moe-tiny", "deepseek-v3-tiny"})
  void of_goldenCheckpoint_agreesWithoutTheExpertThatItsWriterLeftOut(String name)
      throws IOException {
    LogitCheck check = LogitCheck.of(GOLDEN.resolve(name), null, LoadProgress.SILENT);
    LogitCheck.@Nullable Agreement without = check.withoutExpert0();
    assertNotNull(without);
    assertTrue(without.maxAbsLogitDiff() < 1e-4, check::toString);
    assertEquals(true, without.greedyMatch());
  }

  @ParameterizedTest
  @ValueSource(strings = {"olmoe-tiny", "qwen3-moe-tiny", "deepseek-v3-tiny"})
  void of_goldenAdapter_agreesWithoutTheExpertThatItsWriterLeftOut(String name) throws IOException {
    Path folder = GOLDEN.resolve(name);
    LogitCheck check = LogitCheck.of(folder, folder.resolve("adapter"), LoadProgress.SILENT);
    LogitCheck.@Nullable Agreement without = check.withoutExpert0();
    assertNotNull(without);
    assertTrue(without.maxAbsLogitDiff() < 1e-4, check::toString);
  }

  @ParameterizedTest
  @ValueSource(strings = {"olmoe-tiny", "qwen3-moe-tiny", "deepseek-v3-tiny"})
  void of_textsLongerThanMaxPositionEmbeddings_agrees(String name, @TempDir Path folder)
      throws IOException {
    copy(name, folder, "\"max_position_embeddings\": 16");
    LogitCheck check = LogitCheck.of(folder, null, LoadProgress.SILENT);
    LogitCheck.@Nullable Agreement without = check.withoutExpert0();
    assertNotNull(without);
    assertTrue(without.maxAbsLogitDiff() < 1e-4, check::toString);
    assertEquals(true, without.greedyMatch());
  }

  @Test
  void of_textsLongerThanDynamicPositions_isRefused(@TempDir Path folder) throws IOException {
    copy(
        "olmoe-tiny",
        folder,
        "\"max_position_embeddings\": 16, \"rope_scaling\": {\"type\": \"dynamic\", \"factor\": 2}");
    Path config = folder.resolve("config.json");
    Files.writeString(
        config, Files.readString(config).replaceFirst("(?s)\"rope_parameters\": \\{.*?\\},", ""));
    IllegalArgumentException refusal =
        assertThrows(
            IllegalArgumentException.class, () -> LogitCheck.of(folder, null, LoadProgress.SILENT));
    assertEquals(
        "a text has 24 tokens, expected at most max_position_embeddings, 16: longer ones are not"
            + " supported with dynamic rope_scaling",
        refusal.getMessage());
  }

  private static void copy(String name, Path folder, String positions) throws IOException {
    for (String file : List.of("config.json", "model.safetensors", "expected.safetensors")) {
      Files.copy(GOLDEN.resolve(name).resolve(file), folder.resolve(file));
    }
    Path config = folder.resolve("config.json");
    Files.writeString(
        config,
        Files.readString(config).replaceFirst("\"max_position_embeddings\": \\d+", positions));
  }
}
