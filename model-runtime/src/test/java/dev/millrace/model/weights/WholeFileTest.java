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
import org.junit.jupiter.api.Timeout;
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

  /** Writes a file whose content does not end. */
  static final class Endless {
    public static void main(String[] file) throws IOException {
      WholeFile.write(
          Path.of(file[0]),
          out -> {
            out.write(new byte[99_999]);
            System.out.println("inside");
            var unused = System.in.read();
          });
    }
  }

  @Test
  @Timeout(60)
  void write_processIsToldToEnd_leavesNothing() throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Endless.class.getName(),
                folder.resolve("nano.gguf").toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try {
      assertEquals("inside", process.inputReader().readLine());
      process.toHandle().destroy();
      assertEquals(128 + 15, process.waitFor());
    } finally {
      process.destroyForcibly().waitFor();
    }
    try (var left = Files.list(folder)) {
      assertEquals(List.of(), left.toList());
    }
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
