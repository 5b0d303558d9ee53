package dev.millrace.job.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.adapter.publish.StoreFiles;
import dev.millrace.adapter.publish.StoredFile;
import dev.millrace.model.release.ReleaseFiles;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.flink.core.fs.FileStatus;
import org.apache.flink.core.fs.local.LocalFileSystem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FlinkStoreFilesTest {

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void write_file_isWholeAndAlone(boolean throughFlink) throws IOException {
    StoreFiles files = files(throughFlink);
    assertFalse(files.exists("a/b.json"));
    files.write("a/b.json", new byte[] {1, 2, 3});
    assertTrue(files.exists("a/b.json"));
    Path written = Path.of(URI.create(files.uri("a/b.json")));
    assertArrayEquals(new byte[] {1, 2, 3}, Files.readAllBytes(written));
    try (var listed = Files.list(folder.resolve("a"))) {
      assertEquals(List.of(written), listed.toList());
    }
  }

  /** Flink takes what is escaped for the name of another folder: no release answered. */
  @ParameterizedTest
  @ValueSource(strings = {"my report", "50% #1?", "my%20report"})
  void uri_folderWhoseNameJavaEscapes_isReadThroughFlink(String name) throws IOException {
    Path store = folder.resolve(name);
    for (String at : List.of(store.toString(), ReleaseFiles.uri(store))) {
      StoreFiles files = FlinkStoreFiles.at(at);
      files.write("a/b.json", new byte[] {1});
      assertTrue(Files.exists(store.resolve("a/b.json")), at);
      assertArrayEquals(new byte[] {1}, new FlinkReleaseFiles(at).read(files.uri("a/b.json"), 9));
      files.delete("a/b.json");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void delete_lastFileOfAFolder_takesTheFolderWithIt(boolean throughFlink) throws IOException {
    StoreFiles files = files(throughFlink);
    assertEquals(List.of(), files.list());
    files.write("a/b.json", new byte[] {1});
    files.write("a/c.json", new byte[] {1});
    files.delete("a/b.json");
    assertEquals(List.of("a/c.json"), files.list().stream().map(StoredFile::path).toList());
    files.delete("a/c.json");
    files.delete("a/c.json");
    assertEquals(List.of(), files.list());
    assertFalse(Files.exists(folder.resolve("a")));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void list_folderIsDeletedMeanwhile_isPassedOver(boolean throwing) throws IOException {
    StoreFiles files = files(true);
    files.write("a/b.json", new byte[] {1});
    files.write("gone/b.json", new byte[] {1});
    LocalFileSystem pruned =
        new LocalFileSystem() {
          @Override
          public FileStatus[] listStatus(org.apache.flink.core.fs.Path path) throws IOException {
            boolean gone = path.getName().equals("gone");
            if (gone && throwing) {
              throw new FileNotFoundException(path.toString());
            }
            if (gone) {
              files.delete("gone/b.json");
            }
            return super.listStatus(path);
          }
        };
    var root = new org.apache.flink.core.fs.Path(folder.toUri());
    assertEquals(
        List.of("a/b.json"),
        FlinkStoreFiles.list(pruned, root).stream().map(StoredFile::path).toList());
  }

  private StoreFiles files(boolean throughFlink) {
    return throughFlink
        ? new FlinkStoreFiles(folder.toUri().toString())
        : FlinkStoreFiles.at(folder.toString());
  }

  @Test
  void write_pathLeavesStore_isRefused() {
    StoreFiles files = new FlinkStoreFiles(folder.toUri().toString());
    assertThrows(IllegalArgumentException.class, () -> files.write("../x", new byte[0]));
    assertThrows(IllegalArgumentException.class, () -> files.write("/x", new byte[0]));
  }

  /** Or a job would learn for nothing, and be told so by its first release. */
  @ParameterizedTest
  @ValueSource(strings = {"s4://bucket/store", "file://there/store"})
  void at_whatNoFileSystemHereReads_isRefused(String uri) {
    Exception e = assertThrows(IllegalArgumentException.class, () -> FlinkStoreFiles.at(uri));
    assertTrue(e.getMessage().startsWith("store " + uri), e::getMessage);
  }
}
