package dev.millrace.job.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.NanoReleases;
import dev.millrace.model.weights.DType;
import dev.millrace.model.weights.SafetensorsWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckCommandTest extends RunsCommands {

  /** What was compared was lost in an error about a token. */
  @Test
  void check_expectedRowsOfOneToken_areRefusedBeforeAnythingIsCompared(@TempDir Path folder)
      throws IOException {
    Files.copy(NanoReleases.NANO.resolve("config.json"), folder.resolve("config.json"));
    new SafetensorsWriter()
        .addRaw("input_ids", DType.I64, new byte[2 * Long.BYTES], 2, 1)
        .write(folder.resolve("expected.safetensors"));
    assertEquals(Main.USAGE, run("model", "check", folder.toString()), err::toString);
    String said = err.toString();
    assertTrue(said.startsWith("millrace: expected.safetensors has rows of 1 token, "), said);
    assertTrue(said.contains("expected 2 or more, or --texts"), said);
  }

  @Test
  void check_folderOfGguf_saysWhatIsRead(@TempDir Path folder) throws IOException {
    Path file = Files.createFile(folder.resolve("olmoe-q8_0.gguf"));
    for (Path given : List.of(folder, file)) {
      err.getBuffer().setLength(0);
      assertEquals(Main.USAGE, run("model", "check", given.toString()), err::toString);
      assertEquals(
          "millrace: checkpoint %s, expected a checkpoint folder with a config.json; olmoe-q8_0.gguf is not read, expected the safetensors that it was made from"
              .formatted(given),
          err.toString().strip());
    }
  }
}
