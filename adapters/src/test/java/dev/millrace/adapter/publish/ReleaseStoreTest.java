package dev.millrace.adapter.publish;

import static java.time.Duration.ofMinutes;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.millrace.model.release.InvalidReleaseException;
import dev.millrace.model.release.Manifest;
import dev.millrace.model.release.ReleaseFile;
import dev.millrace.model.release.ReleaseSigner;
import dev.millrace.model.release.Routing;
import dev.millrace.model.release.TrainingPlan;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReleaseStoreTest {
  private static final SortedMap<String, byte[]> FILES =
      new TreeMap<>(
          Map.of("adapter_config.json", bytes("{}"), "adapter_model.safetensors", bytes("w")));
  private static final Draft RELEASE = new Draft(manifest(), FILES);
  private static final String ID = RELEASE.manifest().id();

  @TempDir Path folder;

  @Test
  void publish_once_leavesTheFilesAndNothingElse() throws IOException {
    String uri = ReleaseStore.of(StoreFiles.in(folder)).publish(RELEASE);
    Path release = Path.of(URI.create(uri));
    assertEquals(folder.resolve(ID).toRealPath(), release.toRealPath());
    assertEquals(
        List.of("adapter_config.json", "adapter_model.safetensors", "manifest.json"),
        names(release));
    assertArrayEquals(
        RELEASE.manifest().toBytes(), Files.readAllBytes(release.resolve("manifest.json")));
  }

  /** Who serves, or looks at a store, may be another user than who learns. */
  @Test
  void publish_anyFile_mayBeReadByWhoMayReadWhatItsUserWrites() throws IOException {
    Path release = Path.of(URI.create(ReleaseStore.of(StoreFiles.in(folder)).publish(RELEASE)));
    Object plain = Files.getAttribute(Files.createFile(folder.resolve("plain")), "unix:mode");
    for (String name : names(release)) {
      assertEquals(plain, Files.getAttribute(release.resolve(name), "unix:mode"), name);
    }
  }

  /** Else a store whose disk is away for a while would be two. */
  @Test
  void publish_whileTheFolderIsGone_failsAndMakesNoOther() throws IOException {
    Path root = folder.resolve("store");
    ReleaseStore store = ReleaseStore.of(StoreFiles.in(root));
    String uri = store.publish(RELEASE);
    Path away = Files.move(root, folder.resolve("away"));
    assertThrows(UncheckedIOException.class, () -> store.publish(RELEASE));
    assertFalse(Files.exists(root));
    Files.move(away, root);
    assertEquals(uri, store.publish(RELEASE));
  }

  /** As where somebody sweeps the store at that moment. */
  @Test
  void publish_fileIsDeletedBeforeAllAreThere_failsAndIsNoRelease() {
    StoreFiles swept =
        new ForwardingFiles(StoreFiles.in(folder)) {
          @Override
          public void write(String path, byte[] bytes) throws IOException {
            super.write(path, bytes);
            delete(ID + "/adapter_config.json");
          }
        };
    ReleaseStore store = ReleaseStore.of(swept);
    UncheckedIOException failed =
        assertThrows(UncheckedIOException.class, () -> store.publish(RELEASE));
    assertEquals(
        ID + "/adapter_config.json is gone again, expected it until all is there",
        failed.getCause().getMessage());
    assertFalse(Files.exists(folder.resolve(ID).resolve(Manifest.FILE)));
  }

  /** What a power cut leaves is what was synced: no manifest without the files that it promises. */
  @Test
  void publish_once_syncsTheFilesBeforeTheManifestAndThatBeforeItReturns() {
    List<String> done = new ArrayList<>();
    StoreFiles noting =
        new ForwardingFiles(StoreFiles.in(folder)) {
          @Override
          public void write(String path, byte[] bytes) throws IOException {
            super.write(path, bytes);
            done.add(path.substring(ID.length() + 1));
          }

          @Override
          public void sync(String folder) throws IOException {
            super.sync(folder);
            done.add("sync " + folder);
          }
        };
    ReleaseSigner signer = manifest -> new TreeMap<>(Map.of("manifest.sig", bytes("by me")));
    ReleaseStore.of(noting, signer).publish(RELEASE);
    List<String> expected =
        List.of(
            "adapter_config.json",
            "adapter_model.safetensors",
            "manifest.sig",
            "sync " + ID,
            "manifest.json",
            "sync " + ID);
    assertEquals(expected, done);
  }

  @Test
  void publish_twice_changesNothing() throws IOException {
    ReleaseStore store = ReleaseStore.of(StoreFiles.in(folder));
    String uri = store.publish(RELEASE);
    Path manifest = folder.resolve(ID).resolve("manifest.json");
    Object inode = Files.getAttribute(manifest, "unix:ino");
    assertEquals(uri, store.publish(RELEASE));
    assertEquals(inode, Files.getAttribute(manifest, "unix:ino"));
  }

  @Test
  void publish_fileThatNobodyWouldRead_failsAndWritesNothing() {
    SortedMap<String, ReleaseFile> promises = ReleaseFile.of(FILES);
    promises.put("adapter_model.safetensors", new ReleaseFile(1L << 40, "00"));
    Draft unreadable = new Draft(promising(promises), FILES);
    ReleaseStore store = ReleaseStore.of(StoreFiles.in(folder));
    assertThrows(InvalidReleaseException.class, () -> store.publish(unreadable));
    assertFalse(Files.exists(folder.resolve(unreadable.manifest().id())));
  }

  /** Who had forgotten the key gets the same release again, and it was refused for ever. */
  @Test
  void publish_againWithAKey_signsWhatWasNotSigned() throws IOException {
    StoreFiles files = StoreFiles.in(folder);
    String uri = ReleaseStore.of(files).publish(RELEASE);
    ReleaseSigner signer = manifest -> new TreeMap<>(Map.of("manifest.sig", manifest));
    assertEquals(uri, ReleaseStore.of(files, signer).publish(RELEASE));
    Path signature = folder.resolve(ID).resolve("manifest.sig");
    assertArrayEquals(RELEASE.manifest().toBytes(), Files.readAllBytes(signature));
    ReleaseSigner other = manifest -> new TreeMap<>(Map.of("manifest.sig", bytes("other")));
    assertEquals(uri, ReleaseStore.of(files, other).publish(RELEASE));
    assertArrayEquals(RELEASE.manifest().toBytes(), Files.readAllBytes(signature));
  }

  @Test
  void publish_killedAtEveryWrite_isInvisibleUntilPublishedAgain() throws IOException {
    ReleaseSigner signer = manifest -> new TreeMap<>(Map.of("manifest.sig", bytes("by me")));
    for (int writes = 0; writes <= RELEASE.files().size() + 1; writes++) {
      Path store = folder.resolve("store" + writes);
      StoreFiles files = StoreFiles.in(store);
      ReleaseStore dying = ReleaseStore.of(new Dying(files, writes), signer);
      assertThrows(UncheckedIOException.class, () -> dying.publish(RELEASE));
      assertFalse(files.exists(ID + "/manifest.json"));
      ReleaseStore.of(files, signer).publish(RELEASE);
      assertEquals(4, names(store.resolve(ID)).size());
    }
  }

  @Test
  void write_outOfTheStore_isRefused() {
    StoreFiles files = StoreFiles.in(folder.resolve("store"));
    assertThrows(IllegalArgumentException.class, () -> files.write("../x", new byte[0]));
  }

  @Test
  void sweep_whatWasCutOffLongAgo_isRemovedAndNothingElse() throws IOException {
    StoreFiles files = StoreFiles.in(folder);
    ReleaseStore.of(files).publish(RELEASE);
    Files.createFile(folder.resolve(ID).resolve(".1.part"));
    files.write("f".repeat(64) + "/adapter_config.json", bytes("{}"));
    files.write("photos/summer.jpg", bytes("not ours"));
    Instant now = Files.getLastModifiedTime(folder.resolve(ID)).toInstant();
    assertEquals(0, new Sweeper(files, () -> now.plus(ofMinutes(59))).sweep());
    assertEquals(2, new Sweeper(files, () -> now.plus(ofMinutes(61))).sweep());
    assertEquals(List.of(ID, "photos"), names(folder));
    assertEquals(3, names(folder.resolve(ID)).size());
  }

  /** As learn publishes while somebody prunes. */
  @Test
  void list_whileFilesComeAndGo_hasThoseThatStay() throws Exception {
    StoreFiles files = StoreFiles.in(folder);
    ReleaseStore.of(files).publish(RELEASE);
    Path aside = folder.resolve(ID).resolve(".1.part");
    AtomicBoolean over = new AtomicBoolean();
    CompletableFuture<Void> publishing =
        CompletableFuture.runAsync(
            () -> {
              while (!over.get()) {
                assertDoesNotThrow(() -> Files.delete(Files.createFile(aside)));
              }
            });
    try {
      for (int i = 0; i < 5_000; i++) {
        List<StoredFile> found = files.list();
        assertEquals(3, found.stream().filter(f -> !f.path().endsWith(StoreFiles.PART)).count());
      }
    } finally {
      over.set(true);
    }
    publishing.get();
  }

  @Test
  void sweep_noStoreYet_removesNothing() throws IOException {
    StoreFiles files = StoreFiles.in(folder.resolve("store"));
    assertEquals(0, new Sweeper(files, InstantSource.system()).sweep());
  }

  private static List<String> names(Path release) throws IOException {
    try (Stream<Path> files = Files.list(release)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  private static Manifest manifest() {
    return manifest(FILES);
  }

  /** Of files that nothing else is said of. */
  static Manifest manifest(SortedMap<String, byte[]> files) {
    return promising(ReleaseFile.of(files));
  }

  private static Manifest promising(SortedMap<String, ReleaseFile> files) {
    return new Manifest(
        null,
        "foreign",
        "b".repeat(64),
        files,
        "int8-row",
        Routing.topK(1),
        null,
        0,
        List.of(),
        List.of(),
        new TrainingPlan(1, new TreeMap<>(), 1, 1, "test", "none"),
        List.of(),
        null);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** Lets some writes through, then dies. */
  private static final class Dying extends ForwardingFiles {
    private int left;

    Dying(StoreFiles files, int left) {
      super(files);
      this.left = left;
    }

    @Override
    public void write(String path, byte[] bytes) throws IOException {
      if (left-- == 0) {
        throw new IOException("killed before " + path);
      }
      super.write(path, bytes);
    }
  }
}
