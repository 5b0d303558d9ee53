package dev.millrace.job.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConsolidateCommandTest {

  @TempDir Path folder;

  @Test
  void consolidate_linesThatCannotTeach_areSaid() throws IOException {
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      lines.add("{\"id\":\"s%d\",\"text\":\"The queue %d is full.\"}".formatted(i, i));
    }
    lines.add("{\"id\":\"long\",\"text\":\"%s\"}".formatted("word ".repeat(900)));
    lines.add("{\"id\":\"other\",\"text\":\"Elsewhere.\",\"domain\":\"legal\"}");
    Path input = Files.write(folder.resolve("lines.jsonl"), lines);
    StringWriter err = new StringWriter();
    int exit =
        Main.run(
            new PrintWriter(new StringWriter()),
            new PrintWriter(err, true),
            "model",
            "consolidate",
            "--adapter=d=" + folder.resolve("no-adapter"),
            "--input=d=" + input,
            "--out=" + folder.resolve("out"));
    assertEquals(Main.FAILED, exit, err::toString);
    assertTrue(err.toString().contains("line 22 refused, other-domain"), err::toString);
    assertTrue(err.toString().contains("d: of 21 texts "), err::toString);
    assertFalse(Files.exists(folder.resolve("out")));
  }

  @Test
  void consolidate_baseWithoutProtectedTexts_isRefusedBeforeAnythingIsRead() throws IOException {
    Files.copy(Home.here().nano().resolve("tokenizer.json"), folder.resolve("tokenizer.json"));
    StringWriter err = new StringWriter();
    int exit =
        Main.run(
            new PrintWriter(new StringWriter()),
            new PrintWriter(err, true),
            "model",
            "consolidate",
            "--base=" + folder,
            "--adapter=d=" + folder.resolve("adapter"),
            "--input=d=" + folder.resolve("lines"),
            "--out=" + folder.resolve("out"));
    assertEquals(Main.USAGE, exit, err::toString);
    assertTrue(err.toString().contains("no protected text of 2 to 256 tokens"), err::toString);
  }
}
