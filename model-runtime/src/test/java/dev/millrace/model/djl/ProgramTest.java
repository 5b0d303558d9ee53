package dev.millrace.model.djl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ai.djl.Device;
import ai.djl.pytorch.engine.PtNDManager;
import dev.millrace.model.program.AlignSource;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProgramTest {

  @Test
  void compile_fillFails_freesWhatItHolds() {
    for (Throwable broken : List.of(new IllegalStateException(), new OutOfMemoryError("heap"))) {
      List<PtNDManager> held = new ArrayList<>();
      Consumer<Program> fill =
          program -> {
            held.add(program.scope());
            throw unchecked(broken);
          };
      assertSame(
          broken,
          assertThrows(
              Throwable.class, () -> Program.compile(AlignSource.PROGRAM, Device.cpu(), fill)));
      assertFalse(held.get(0).isOpen());
    }
  }

  /** Such as a disk that is full. */
  @Test
  void compile_temporaryFolderTakesNothing_isNamed(@TempDir Path folder) throws IOException {
    Path file = Files.createFile(folder.resolve("file"));
    UncheckedIOException e =
        assertThrows(
            UncheckedIOException.class,
            () -> Program.compile(AlignSource.PROGRAM, Device.cpu(), file));
    assertEquals(
        "cannot write the base's program into %s (TMPDIR names another folder)".formatted(file),
        e.getMessage());
  }

  private static RuntimeException unchecked(Throwable thrown) {
    if (thrown instanceof Error error) {
      throw error;
    }
    return (RuntimeException) thrown;
  }
}
