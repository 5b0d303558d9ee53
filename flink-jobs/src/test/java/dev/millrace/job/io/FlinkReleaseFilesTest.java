package dev.millrace.job.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FlinkReleaseFilesTest {

  @TempDir Path folder;

  @Test
  void read_longerFile_stopsAtTheBound() throws IOException {
    Path file = Files.write(folder.resolve("f"), new byte[] {1, 2, 3});
    FlinkReleaseFiles files = new FlinkReleaseFiles();
    assertArrayEquals(new byte[] {1, 2}, files.read(file.toUri().toString(), 2));
    assertArrayEquals(new byte[] {1, 2, 3}, files.read(file.toUri().toString(), 9));
  }

  @Test
  void read_noFile_throws() {
    String uri = folder.resolve("none").toUri().toString();
    assertThrows(IOException.class, () -> new FlinkReleaseFiles().read(uri, 1));
  }
}
