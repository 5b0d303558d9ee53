package dev.millrace.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NewBasesTest {

  @Test
  void otherTokens_textsBeginWithABosInOneOfThem_isNamed(@TempDir Path folder) throws IOException {
    Path nano = NanoReleases.NANO;
    Files.copy(nano.resolve("tokenizer.json"), folder.resolve("tokenizer.json"));
    assertNull(NewBases.otherTokens(nano, folder));
    Files.writeString(
        folder.resolve("tokenizer_config.json"),
        "{\"add_bos_token\": true, \"bos_token\": \"<|endoftext|>\"}");
    assertEquals(
        "texts begin with tokens [0] in %s, expected [] as in %s".formatted(folder, nano),
        NewBases.otherTokens(nano, folder));
  }
}
