package dev.millrace.job.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.model.score.HeldOut;
import dev.millrace.model.text.Tokenizer;
import dev.millrace.model.text.Tokenizers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UserMaterialTest {

  private static final Path NANO = Path.of(System.getProperty("millrace.root"), "models", "nano");

  /** A text that cannot be scored would end the run, after all has been learned. */
  @Test
  void material_linesLongerThanTheContextOrOfOneToken_isWhatTheBaseCanBeAsked(@TempDir Path folder)
      throws Exception {
    List<String> written = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      written.add(
          line("long-" + i, "Dear customer %d, your order has left. ".formatted(i).repeat(99)));
      written.add(line("short-" + i, "a"));
    }
    Path file = Files.write(folder.resolve("lines.jsonl"), written);
    UserMaterial.Lines lines = UserMaterial.lines(file, "mails");
    assertEquals(40, lines.samples().size());
    Material material = UserMaterial.material(lines, "mails", NANO, new HeldOut("salt", 2), 1);
    try (Tokenizer tokenizer = Tokenizers.open(NANO.resolve("tokenizer.json"))) {
      for (List<String> texts :
          List.of(
              material.heldOut().get("mails"),
              material.prompts().get("mails"),
              material.protectedTexts())) {
        assertFalse(texts.isEmpty());
        for (String text : texts) {
          int tokens = tokenizer.encode(text).length;
          assertTrue(tokens >= 2 && tokens <= 512, () -> tokens + " tokens: " + text);
        }
      }
    }
    assertEquals(lines.samples(), material.samples(), "all of each line teaches");
  }

  private static String line(String id, String text) {
    return "{\"id\": \"%s\", \"text\": \"%s\"}".formatted(id, text);
  }
}
