package dev.millrace.adapter.publish;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReleaseStoreTest {
  private static final Release RELEASE =
      new Release(
          "a".repeat(64),
          new TreeMap<>(
              Map.of("adapter_config.json", bytes("{}"), "adapter_model.safetensors", bytes("w"))),
          bytes("{\"files\":{}}"));

  @TempDir Path folder;

  @Test
  void publish_once_leavesTheFilesAndNothingElse() throws IOException {
    String uri = ReleaseStore.of(StoreFiles.in(folder)).publish(RELEASE);
    Path release = Path.of(URI.create(uri));
    assertEquals(folder.resolve(RELEASE.id()).toRealPath(), release.toRealPath());
    assertEquals(
        List.of("adapter_config.json", "adapter_model.safetensors", "manifest.json"),
        names(release));
    assertArrayEquals(RELEASE.manifest(), Files.readAllBytes(release.resolve("manifest.json")));
  }

  @Test
  void publish_twice_changesNothing() throws IOException {
    ReleaseStore store = ReleaseStore.of(StoreFiles.in(folder));
    String uri = store.publish(RELEASE);
    Path manifest = folder.resolve(RELEASE.id()).resolve("manifest.json");
    Object inode = Files.getAttribute(manifest, "unix:ino");
    assertEquals(uri, store.publish(RELEASE));
    assertEquals(inode, Files.getAttribute(manifest, "unix:ino"));
  }

  @Test
  void publish_killedAtEveryWrite_isInvisibleUntilPublishedAgain() throws IOException {
    for (int writes = 0; writes <= RELEASE.files().size(); writes++) {
      Path store = folder.resolve("store" + writes);
      StoreFiles files = StoreFiles.in(store);
      ReleaseStore dying = ReleaseStore.of(new Dying(files, writes));
      assertThrows(UncheckedIOException.class, () -> dying.publish(RELEASE));
      assertFalse(files.exists(RELEASE.id() + "/manifest.json"));
      ReleaseStore.of(files).publish(RELEASE);
      assertEquals(3, names(store.resolve(RELEASE.id())).size());
    }
  }

  @Test
  void write_outOfTheStore_isRefused() {
    StoreFiles files = StoreFiles.in(folder.resolve("store"));
    assertThrows(IllegalArgumentException.class, () -> files.write("../x", new byte[0]));
  }

  private static List<String> names(Path release) throws IOException {
    try (Stream<Path> files = Files.list(release)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** Lets some writes through, then dies. */
  private static final class Dying implements StoreFiles {
    private final StoreFiles files;
    private int left;

    Dying(StoreFiles files, int left) {
      this.files = files;
      this.left = left;
    }

    @Override
    public boolean exists(String path) throws IOException {
      return files.exists(path);
    }

    @Override
    public void write(String path, byte[] bytes) throws IOException {
      if (left-- == 0) {
        throw new IOException("killed before " + path);
      }
      files.write(path, bytes);
    }

    @Override
    public String uri(String path) {
      return files.uri(path);
    }
  }
}
