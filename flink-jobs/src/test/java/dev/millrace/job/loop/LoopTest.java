package dev.millrace.job.loop;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LoopTest {

  @TempDir Path folder;

  @Test
  void requireFresh_runBeforePublishedNothing_isFresh() throws Exception {
    Loop.requireFresh(folder);
    Files.createDirectories(folder.resolve("store").resolve("half-written"));
    Loop.requireFresh(folder);
  }

  @Test
  void requireFresh_runBeforeHasPublished_namesTheOptionAndTheStore() throws Exception {
    Path release = Files.createDirectories(folder.resolve("store").resolve("3f9a"));
    Files.writeString(release.resolve("manifest.json"), "{}");
    var e = assertThrows(IllegalArgumentException.class, () -> Loop.requireFresh(folder));
    assertTrue(e.getMessage().startsWith("--report " + folder), e.getMessage());
    assertTrue(e.getMessage().endsWith("delete " + folder.resolve("store")), e.getMessage());
  }
}
