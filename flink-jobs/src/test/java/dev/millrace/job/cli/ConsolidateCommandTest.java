package dev.millrace.job.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConsolidateCommandTest {

  @TempDir Path folder;

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
