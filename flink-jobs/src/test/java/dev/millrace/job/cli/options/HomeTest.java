package dev.millrace.job.cli.options;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HomeTest {

  /** What it has learned is there for releases and ask. */
  @Test
  void store_onlyAGatewayHasRun_isTheOneThatItBegan(@TempDir Path root) throws Exception {
    Home home = new Home(root);
    assertThrows(IllegalArgumentException.class, home::store);
    Path begun = Files.createDirectories(home.storeOrNew());
    assertEquals(begun, home.store());
    home.remember(root.resolve("report"));
    assertEquals(root.resolve("report"), home.store());
    assertEquals(root.resolve("report"), home.storeOrNew());
  }

  /** Or the store would be wherever the command was called. */
  @Test
  void store_crashLeftTheNoteOfTheLastRunEmpty_isAsIfNoneHadRun(@TempDir Path root)
      throws Exception {
    Home home = new Home(root);
    Files.writeString(Files.createDirectories(root.resolve(".millrace")).resolve("last-store"), "");
    assertThrows(IllegalArgumentException.class, home::store);
    assertEquals(root.resolve(".millrace").resolve("store"), home.storeOrNew());
  }

  @Test
  void remember_diskIsFull_namesTheFileAndKeepsTheNoteBefore(@TempDir Path root) throws Exception {
    Path full = Path.of("/dev/full");
    assumeTrue(Files.exists(full));
    Home home = new Home(root);
    home.remember(root.resolve("report"));
    Path note = root.resolve(".millrace").resolve("last-store");
    Files.createSymbolicLink(note.resolveSibling("last-store.part"), full);
    IOException e = assertThrows(IOException.class, () -> home.remember(root.resolve("other")));
    assertTrue(e.getMessage().startsWith(note + ": "), e::getMessage);
    assertEquals(root.resolve("report"), home.store());
  }
}
