package dev.millrace.job.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FlinkReleaseFilesTest {

  @TempDir Path folder;

  @Test
  void read_longerFile_stopsAtTheBound() throws IOException {
    Path file = Files.write(folder.resolve("f"), new byte[] {1, 2, 3});
    FlinkReleaseFiles files = new FlinkReleaseFiles();
    assertArrayEquals(new byte[] {1, 2}, files.read(file.toUri().toString(), 2));
    assertArrayEquals(new byte[] {1, 2, 3}, files.read(file.toUri().toString(), 9));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 3, 4})
  void read_whateverAStreamSaysIsLeft_isTheFile(int available) throws IOException {
    byte[] file = {1, 2, 3};
    InputStream in =
        new ByteArrayInputStream(file) {
          @Override
          public synchronized int available() {
            return available;
          }
        };
    assertArrayEquals(file, FlinkReleaseFiles.read(in, 9));
  }

  @Test
  void read_noFile_throws() {
    String uri = folder.resolve("none").toUri().toString();
    assertThrows(IOException.class, () -> new FlinkReleaseFiles().read(uri, 1));
  }

  /** Whoever tries again, as one does whose file system is away, tries for ever. */
  @ParameterizedTest
  @ValueSource(strings = {"s4://bucket/release", "hdfs://there/release", "file://there/release"})
  void read_whatNoFileSystemHereReads_isNowhere(String uri) {
    Exception e =
        assertThrows(FileNotFoundException.class, () -> new FlinkReleaseFiles().read(uri, 1));
    assertTrue(e.getMessage().startsWith(uri), e::getMessage);
  }
}
