package dev.millrace.adapter.publish;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.millrace.adapter.Configs;
import dev.millrace.model.release.InvalidReleaseException;
import dev.millrace.model.release.Manifest;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AncestryTest {

  @TempDir private Path folder;

  private ReleaseStore store;
  private Ancestry ancestry;

  @BeforeEach
  void open() {
    store = ReleaseStore.of(StoreFiles.in(folder));
    ancestry = new Ancestry(store, (uri, maxBytes) -> Files.readAllBytes(Path.of(URI.create(uri))));
  }

  @Test
  void common_branchesOfOneRelease_isItsNumber() throws IOException {
    Manifest first = release(2, null);
    Manifest parting = release(5, first);
    Manifest one = release(9, release(6, parting));
    Manifest other = release(7, parting);
    assertEquals(5, ancestry.common(one.id(), other));
    assertEquals(5, ancestry.common(other.id(), one));
    assertEquals(5, ancestry.common(one.id(), parting));
    assertEquals(5, ancestry.common(parting.id(), one));
    assertEquals(9, ancestry.common(one.id(), one));
  }

  @Test
  void common_nothingTaughtBoth_isNone() throws IOException {
    Manifest one = release(6, release(5, null));
    assertEquals(-1, ancestry.common(one.id(), release(7, null)));
    assertEquals(-1, ancestry.common(null, one));
  }

  @Test
  void common_releaseOnTheWayIsGone_isNone() throws IOException {
    Manifest first = release(2, null);
    Manifest gone = release(5, first);
    Manifest last = release(9, gone);
    assertEquals(2, ancestry.common(last.id(), first));
    Files.delete(folder.resolve(gone.id()).resolve(Manifest.FILE));
    assertEquals(-1, ancestry.common(last.id(), first));
    assertEquals(-1, ancestry.common(first.id(), last));
    assertEquals(-1, ancestry.common(gone.id(), last));
  }

  /** A store may say so as it likes; where it cannot say, nobody knows yet. */
  @Test
  void common_releaseOnTheWayIsNone_isNoneButNotWhereTheStoreIsAway() throws IOException {
    Manifest first = release(2, null);
    Manifest last = release(9, release(5, first));
    for (Exception none :
        List.of(
            new FileNotFoundException("gone"),
            new NoSuchFileException("gone"),
            new InvalidReleaseException("damaged"))) {
      assertEquals(-1, failing(none).common(last.id(), first));
    }
    Ancestry away = failing(new IOException("away"));
    assertThrows(IOException.class, () -> away.common(last.id(), first));
  }

  private Ancestry failing(Exception why) {
    return new Ancestry(
        store,
        (uri, maxBytes) -> {
          if (why instanceof IOException e) {
            throw e;
          }
          throw (RuntimeException) why;
        });
  }

  /** As runs left it before lessons were numbered on. */
  @Test
  void common_numbersThatDoNotRise_isNone() throws IOException {
    Manifest first = release(2, null);
    for (long again : new long[] {0, 2}) {
      Manifest of = release(again, first);
      assertEquals(-1, ancestry.common(of.id(), first));
      assertEquals(-1, ancestry.common(release(3, of).id(), first));
      assertEquals(again, ancestry.common(release(3, of).id(), of));
    }
  }

  private Manifest release(long batch, @Nullable Manifest parent) {
    TreeMap<String, byte[]> files =
        new TreeMap<>(
            Map.of(
                "adapter_config.json", new byte[0], "adapter_model.safetensors", new byte[] {7}));
    Manifest any = Configs.with(ReleaseStoreTest.manifest(files), "batch", batch);
    Manifest manifest = parent == null ? any : Configs.with(any, "parent", parent.id());
    String unused = store.publish(new Draft(manifest, files));
    return manifest;
  }
}
