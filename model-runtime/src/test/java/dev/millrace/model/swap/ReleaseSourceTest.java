package dev.millrace.model.swap;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.model.base.FakeBaseModel;
import dev.millrace.model.kinds.AdapterFolder;
import dev.millrace.model.release.FilesInMemory;
import dev.millrace.model.release.InvalidReleaseException;
import dev.millrace.model.release.Manifest;
import dev.millrace.model.release.ReleaseFile;
import dev.millrace.model.release.ReleaseFiles;
import dev.millrace.model.release.Routing;
import dev.millrace.model.release.TrustedKeys;
import dev.millrace.model.swap.SwapResult.Outcome;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ReleaseSourceTest {

  private final FakeBaseModel base = new FakeBaseModel();
  private final Map<String, byte[]> store = new ConcurrentHashMap<>();
  private final ReleaseFiles files = new FilesInMemory(store);
  private final AtomicLong nanos = new AtomicLong();
  private final LiveReleases live =
      LiveReleases.of(base, ReleaseSource.of(files, base), SwapConfig.defaults());

  @AfterEach
  void everyAdapterIsFreed() {
    live.close();
    assertEquals(0, base.openAdapters());
  }

  @Test
  void apply_releaseFolder_serves() {
    ReleaseEvent event = write(1, 0.5f);
    assertEquals(Outcome.SWAPPED, live.apply(event, 0).join().outcome());
    assertEquals(event.release(), current());
  }

  @Test
  void acquirePinned_publishedBeforeThisProcessBegan_isFoundBesideWhatIsLive() throws IOException {
    ReleaseEvent old = write(1, 0.5f);
    ReleaseEvent current = write(2, 0.25f);
    assertThrows(IOException.class, () -> pinned(null, old.release()));
    live.apply(current, 7).join();
    try (Lease lease = pinned(null, old.release())) {
      assertNotNull(lease.release());
      assertEquals(old.release(), lease.release().release());
      assertEquals(1, lease.release().batch());
    }
    assertEquals(current.release(), current());
    store.replaceAll((name, bytes) -> name.contains(old.release()) ? new byte[3] : bytes);
    assertThrows(IOException.class, () -> pinned(null, "0".repeat(64)));
    assertThrows(IOException.class, () -> pinned(null, "../" + old.release()));
  }

  @Test
  void acquirePinned_foundButOfAnotherDomain_isUnknown() throws IOException {
    ReleaseEvent java = write(2, 0.25f);
    live.apply(java, 7).join();
    ReleaseEvent python = write("python", 1, 0.5f);
    IOException unknown = assertThrows(IOException.class, () -> pinned(null, python.release()));
    assertEquals("unknown-release: " + python.release(), unknown.getMessage());
  }

  @Test
  void apply_anyDamagedFile_leavesTheOldReleaseServing() {
    ReleaseEvent old = write(1, 0.5f);
    live.apply(old, 0).join();
    ReleaseEvent next = write(2, 0.25f);
    Set<String> names = Set.copyOf(store.keySet());
    for (String name : names) {
      if (name.startsWith(next.uri())) {
        byte[] intact = store.get(name);
        byte[] flipped = intact.clone();
        flipped[flipped.length / 2] ^= 1;
        assertRefused("release-invalid: ", name, flipped, next);
        assertRefused("release-invalid: ", name, Arrays.copyOf(intact, 7), next);
        store.remove(name);
        assertFailed("release-unreadable: ", next);
        store.put(name, intact);
        assertEquals(old.release(), current());
      }
    }
    assertEquals(Outcome.SWAPPED, live.apply(next, 0).join().outcome());
  }

  @Test
  void apply_whatAStrangerWroteIsMegabytesLong_isRefusedByAReasonThatFitsIntoARecord() {
    String stranger = "x".repeat(18 << 20);
    byte[] config = "{\"peft_type\":\"%s\"}".formatted(stranger).getBytes(UTF_8);
    SortedMap<String, byte[]> honest = adapter(0.5f);
    SortedMap<String, byte[]> files = new TreeMap<>(honest);
    files.put(AdapterFolder.CONFIG, config);
    for (ReleaseEvent event :
        List.of(
            write("java", base.id(), 1, files),
            write("java", stranger.substring(0, 3 << 20), 1, honest))) {
      String reason = live.apply(event, 0).join().reason();
      assertTrue(reason.startsWith("release-invalid: ") || reason.startsWith("base-mismatch: "));
      assertTrue(reason.length() <= 1 + InvalidReleaseException.MOST_SAID, "" + reason.length());
    }
  }

  private void assertRefused(String reason, String name, byte[] bytes, ReleaseEvent event) {
    store.put(name, bytes);
    assertFailed(reason, event);
  }

  private void assertFailed(String reason, ReleaseEvent event) {
    SwapResult result = live.apply(event, 0).join();
    assertEquals(Outcome.FAILED, result.outcome());
    assertTrue(result.reason().startsWith(reason), result.reason());
  }

  private Lease pinned(@Nullable String tenant, String release) throws IOException {
    try {
      return live.acquirePinned(tenant, release).join();
    } catch (CompletionException e) {
      throw (IOException) e.getCause();
    }
  }

  private String current() {
    try (Lease lease = live.acquire(null, "java").join()) {
      assertNotNull(lease.release());
      return lease.release().release();
    }
  }

  @Test
  void restore_storeIsAway_whatThisProcessReadBeforeAnswersAndWhatIsAskedForByItsIdDoesNot()
      throws IOException {
    ReleaseEvent old = write(1, 0.5f);
    ReleaseEvent current = write(2, 0.25f);
    try (LiveReleases before = keeping()) {
      before.apply(old, 7).join();
      before.apply(current, 7).join();
    }
    Map<String, byte[]> away = Map.copyOf(store);
    store.clear();
    try (LiveReleases again = keeping()) {
      assertEquals(Outcome.SWAPPED, again.restore(current, 8).join().outcome());
      try (Lease lease = again.acquire(null, "java").join()) {
        assertNotNull(lease.release());
        assertEquals(current.release(), lease.release().release());
      }
      assertThrows(
          CompletionException.class, () -> again.acquirePinned(null, old.release()).join());
      store.putAll(away);
      nanos.addAndGet(TimeUnit.SECONDS.toNanos(6));
      again.acquirePinned(null, old.release()).join().close();
    }
  }

  @Test
  void fetch_damagedInTheStore_isRefusedAndWhatWasReadWholeAnswersWhenTheStoreIsAway()
      throws IOException {
    ReleaseEvent event = write(1, 0.5f);
    Map<String, byte[]> intact = Map.copyOf(store);
    ReleaseSource source = ReleaseSource.keeping(TrustedKeys.parse(""), files, List.of(base));
    source.fetch(event);
    for (String damaged : intact.keySet()) {
      store.putAll(intact);
      store.put(damaged, new byte[] {1});
      assertThrows(InvalidReleaseException.class, () -> source.fetch(event), damaged);
      store.clear();
      assertEquals(event.release(), source.fetch(event).manifest().id(), damaged);
    }
  }

  private LiveReleases keeping() {
    return new AtomicLiveReleases(
        List.of(base),
        ReleaseSource.keeping(TrustedKeys.parse(""), files, List.of(base)),
        SwapConfig.defaults(),
        nanos::get);
  }

  private ReleaseEvent write(long batch, float bias) {
    return write("java", batch, bias);
  }

  private ReleaseEvent write(String domain, long batch, float bias) {
    return write(domain, base.id(), batch, adapter(bias));
  }

  private SortedMap<String, byte[]> adapter(float bias) {
    return AdapterFolder.toFiles(FakeBaseModel.adapter(bias), base.id());
  }

  private ReleaseEvent write(
      String domain, String of, long batch, SortedMap<String, byte[]> files) {
    Manifest manifest =
        FakeReleases.manifest(of, null, domain, batch, Routing.topK(1), ReleaseFile.of(files));
    String folder = "store:/" + manifest.id();
    files.forEach((name, bytes) -> store.put(folder + "/" + name, bytes));
    store.put(folder + "/" + Manifest.FILE, manifest.toBytes());
    return manifest
        .event(Action.PUBLISH, folder + (batch % 2 == 0 ? "/" : ""), "test")
        .at(new Origin("releases", 0, batch));
  }
}
