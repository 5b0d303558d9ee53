package dev.millrace.job.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.adapter.publish.StoreFiles;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FlinkStoreFilesTest {

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void write_file_isWholeAndAlone(boolean throughFlink) throws IOException {
    StoreFiles files =
        throughFlink
            ? new FlinkStoreFiles(folder.toUri().toString())
            : FlinkStoreFiles.at(folder.toString());
    assertFalse(files.exists("a/b.json"));
    files.write("a/b.json", new byte[] {1, 2, 3});
    assertTrue(files.exists("a/b.json"));
    Path written = Path.of(URI.create(files.uri("a/b.json")));
    assertArrayEquals(new byte[] {1, 2, 3}, Files.readAllBytes(written));
    try (var listed = Files.list(folder.resolve("a"))) {
      assertEquals(List.of(written), listed.toList());
    }
  }

  @Test
  void write_pathLeavesStore_isRefused() {
    StoreFiles files = new FlinkStoreFiles(folder.toUri().toString());
    assertThrows(IllegalArgumentException.class, () -> files.write("../x", new byte[0]));
    assertThrows(IllegalArgumentException.class, () -> files.write("/x", new byte[0]));
  }
}
