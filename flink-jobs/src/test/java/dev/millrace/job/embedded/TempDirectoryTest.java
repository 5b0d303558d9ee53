package dev.millrace.job.embedded;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TempDirectoryTest {

  @TempDir Path folder;

  @Test
  void delete_linksInside_leavesWhatTheyPointAt() throws IOException {
    Path kept = Files.createDirectory(folder.resolve("kept"));
    Path file = Files.writeString(kept.resolve("file"), "text");
    Path gone = Files.createDirectory(folder.resolve("gone"));
    Files.createSymbolicLink(gone.resolve("link"), kept);
    Files.createSymbolicLink(gone.resolve("dead"), folder.resolve("nothing"));
    TempDirectory.delete(gone);
    assertFalse(Files.exists(gone));
    assertTrue(Files.exists(file));
    TempDirectory.delete(gone);
  }

  @Test
  void requireFree_lessIs_saysWhere() {
    try (TempDirectory directory = TempDirectory.create()) {
      var e =
          assertThrows(IllegalStateException.class, () -> directory.requireFree(Integer.MAX_VALUE));
      String said = "MB are free in %s, expected 2147483647: TMPDIR names another folder";
      assertTrue(
          e.getMessage().endsWith(said.formatted(directory.path().getParent())), e::getMessage);
      directory.requireFree(0);
    }
  }
}
