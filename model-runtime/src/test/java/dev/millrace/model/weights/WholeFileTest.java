package dev.millrace.model.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WholeFileTest {

  @TempDir private Path folder;

  @Test
  void write_diskIsFull_namesTheFileAndLeavesTheOneBefore() throws IOException {
    Path full = Path.of("/dev/full");
    assumeTrue(Files.exists(full));
    Path file = folder.resolve("nano.gguf");
    WholeFile.write(file, new byte[] {1, 2});
    Files.createSymbolicLink(folder.resolve("nano.gguf.part"), full);
    IOException e = assertThrows(IOException.class, () -> WholeFile.write(file, new byte[99_999]));
    assertTrue(e.getMessage().startsWith(file + ": "), e::getMessage);
    assertArrayEquals(new byte[] {1, 2}, Files.readAllBytes(file));
  }

  @Test
  void write_contentFails_leavesNothing() throws IOException {
    Path file = folder.resolve("nano.gguf");
    IOException failure = new IOException("the source cannot be read");
    IOException e =
        assertThrows(
            IOException.class,
            () ->
                WholeFile.write(
                    file,
                    out -> {
                      out.write(new byte[99_999]);
                      throw failure;
                    }));
    assertEquals(failure, e);
    assertFalse(Files.exists(file));
    try (var left = Files.list(folder)) {
      assertEquals(List.of(), left.toList());
    }
  }
}
