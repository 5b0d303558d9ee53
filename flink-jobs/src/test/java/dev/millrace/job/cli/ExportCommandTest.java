package dev.millrace.job.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.cli.options.Output;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExportCommandTest {

  @TempDir Path folder;

  private final StringWriter err = new StringWriter();

  /** Fails where the first shard is told, as a full disk does a little later. */
  @Test
  void safetensors_fails_leavesNothing() throws Exception {
    PrintWriter failing =
        new PrintWriter(err, true) {
          @Override
          public void println(String line) {
            if (line.startsWith("model-")) {
              throw new IllegalStateException("no room");
            }
            super.println(line);
          }
        };
    assertEquals(Output.FAILED, export(failing));
    assertEquals("millrace: no room", err.toString().strip());
    assertEquals(List.of(), files());
  }

  /** Whoever reads the folder would take them before the new shards. */
  @Test
  void safetensors_folderHoldsOtherWeights_isRefusedByTheirName() throws Exception {
    Files.createDirectories(folder.resolve("out"));
    Files.writeString(folder.resolve("out/model.safetensors"), "old");
    assertEquals(Main.USAGE, export(new PrintWriter(err, true)));
    String said = err.toString();
    assertTrue(
        said.contains("out, which holds model.safetensors, expected a new or empty folder"), said);
    assertEquals(List.of("model.safetensors"), files());
  }

  @Test
  void safetensors_emptyFolder_becomesACheckpoint() throws Exception {
    Files.createDirectories(folder.resolve("out"));
    assertEquals(0, export(new PrintWriter(err, true)), err::toString);
    List<String> files = files();
    for (String file : List.of("config.json", "model-00001.safetensors")) {
      assertTrue(files.contains(file), files::toString);
    }
    assertTrue(files.stream().noneMatch(file -> file.startsWith(".")), files::toString);
  }

  private int export(PrintWriter told) {
    return Main.run(
        new PrintWriter(new StringWriter()),
        told,
        "model",
        "export",
        "../models/nano",
        "--safetensors",
        folder.resolve("out").toString());
  }

  private List<String> files() throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve("out"))) {
      return files.map(file -> file.getFileName().toString()).toList();
    }
  }
}
