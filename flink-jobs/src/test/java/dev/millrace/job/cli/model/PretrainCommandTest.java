package dev.millrace.job.cli.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.job.cli.options.Home;
import dev.millrace.model.text.Tokenizers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PretrainCommandTest {

  @TempDir Path folder;

  /** One that is trained on texts in another order, or on others, gives the ids to other tokens. */
  @Test
  void tokenizer_trainingGoesOnFromACheckpoint_isThatOfItsWeights() throws IOException {
    PretrainCommand command = new PretrainCommand();
    command.from = Home.here().nano();
    command.out = folder;
    for (int run = 0; run < 2; run++) {
      command.writeTokenizer(List.of());
      Path file = folder.resolve(Tokenizers.FILE);
      assertEquals(-1, Files.mismatch(command.from.resolve(Tokenizers.FILE), file));
    }
  }

  @Test
  void tokenizer_textsOfTheCheckpointBeginWithABos_doSoStill(@TempDir Path from)
      throws IOException {
    PretrainCommand command = new PretrainCommand();
    command.from = from;
    command.out = folder;
    Files.copy(Home.here().nano().resolve("tokenizer.json"), from.resolve("tokenizer.json"));
    Files.writeString(
        from.resolve("tokenizer_config.json"),
        "{\"add_bos_token\": true, \"bos_token\": \"<|endoftext|>\"}");
    command.writeTokenizer(List.of());
    assertArrayEquals(new int[] {0}, Tokenizers.bos(folder));
  }
}
