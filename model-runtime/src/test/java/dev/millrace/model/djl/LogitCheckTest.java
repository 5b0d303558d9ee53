package dev.millrace.model.djl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
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
}
