package dev.millrace.job.cli.releases;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.adapter.publish.StoreFiles;
import dev.millrace.adapter.publish.StoredFile;
import dev.millrace.job.Behind;
import dev.millrace.job.Manifests;
import dev.millrace.job.StreamRecords;
import dev.millrace.job.releases.Heads;
import dev.millrace.job.releases.StoredReleases;
import dev.millrace.model.release.BaseRelease;
import dev.millrace.model.release.Manifest;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.ReleaseLine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PruneCommandTest {

  @Test
  void needed_pinnedAndCurrentAndWhatTheTopicDoesNotKnow_areNeeded() {
    StoredReleases stored = stored(List.of("a", "b", "c"), List.of("x"));
    List<ReleaseEvent> events =
        List.of(event(Action.PUBLISH, "a"), event(Action.PUBLISH, "b"), event(Action.PIN, "c"));
    assertEquals(Set.of("b", "c", "x"), PruneCommand.needed(stored, events));
  }

  @Test
  void needed_publicationThatServingPassedOver_takesNothingFromWhatIsCurrent() {
    StoredReleases stored = stored(List.of("a", "b"), List.of());
    List<ReleaseEvent> events =
        List.of(event(Action.PUBLISH, "a", 5), event(Action.PUBLISH, "b", 1));
    assertEquals(Set.of("a", "b"), PruneCommand.needed(stored, events));
    assertEquals(
        "a",
        Heads.followed(events)
            .get(new ReleaseLine(null, "java", ReleaseEvent.Kind.ADAPTER))
            .release());
  }

  /** What it came of would be deleted with all that could take its place. */
  @Test
  void needed_currentIsNotHere_allOfItsDomainIs() {
    StoredReleases stored = stored(List.of("a", "b"), List.of("x"));
    List<ReleaseEvent> events =
        List.of(
            event(Action.PUBLISH, "a", 1),
            StreamRecords.event("other", Action.PUBLISH, "y", 1, 0),
            StreamRecords.event("other", Action.ROLLBACK, "", 1, 1),
            StreamRecords.event(
                "java", ReleaseEvent.Kind.ADAPTER, Action.PUBLISH, "gone", "a", 2, 2));
    assertEquals(Set.of("", "a", "b", "gone", "y"), PruneCommand.needed(stored, events));
  }

  /** Or learn found none of what it has still to learn again. */
  @Test
  void needed_learnsAgainWhatWasForgotten_soIsWhatItWasAtBefore() {
    StoredReleases stored = stored(List.of("a", "b", "again"), List.of());
    List<ReleaseEvent> events =
        List.of(
            published("a", null, 0),
            published("b", "a", 1),
            StreamRecords.event("java", Action.FORGET, "a", 0, 2),
            published("again", "a", 3).withRead(2L),
            StreamRecords.event("java", Action.FORGET, "again", 0, 4));
    assertEquals(Set.of("b", "again"), PruneCommand.needed(stored, events));
  }

  /** Beside the last publication, from which people had gone back. */
  @Test
  void needed_learnsAgainWhatWasPinned_soIsThat() {
    StoredReleases stored = stored(List.of("a", "b", "again"), List.of());
    List<ReleaseEvent> events =
        List.of(
            published("a", null, 0),
            published("b", null, 1),
            StreamRecords.event("java", Action.PIN, "a", 0, 2),
            StreamRecords.event("java", Action.FORGET, "", 0, 3),
            published("again", null, 4).withRead(3L));
    assertEquals(Set.of("", "a", "b", "again"), PruneCommand.needed(stored, events));
  }

  private static ReleaseEvent published(String release, @Nullable String parent, long offset) {
    return StreamRecords.event(
            "java", ReleaseEvent.Kind.ADAPTER, Action.PUBLISH, release, parent, offset, offset)
        .withEpoch(1_000);
  }

  /** A shadow on another base has no parent in its manifest. */
  @Test
  void needed_onTrial_soIsWhatAnswersMeanwhile() {
    StoredReleases stored = stored(List.of("a", "b"), List.of());
    ReleaseEvent shadow =
        StreamRecords.event("java", ReleaseEvent.Kind.ADAPTER, Action.PUBLISH, "b", "a", 1, 0)
            .withholding(1);
    assertEquals(
        Set.of("a", "b"), PruneCommand.needed(stored, List.of(event(Action.PUBLISH, "a"), shadow)));
  }

  @Test
  void needed_broughtToABaseThatIsHere_stays(@TempDir Path store) throws IOException {
    Path folder = Files.createDirectory(store.resolve("n"));
    BaseRelease.noteRebased(folder, Map.of("a", new BaseRelease.Rebased("java", "r", 1.5, 1.5)));
    Manifest base = Manifests.ofBase("base", "next", BaseRelease.pieces(folder), 1);
    StoredReleases stored =
        new StoredReleases(
            store, new TreeMap<>(Map.of("a", of("java"), "r", of("java"), "n", base)));
    assertEquals(
        Set.of("a", "r", "n"), PruneCommand.needed(stored, List.of(event(Action.PUBLISH, "a"))));
  }

  /** Or nobody could tell any more what the base knows, and no sample could be forgotten. */
  @Test
  void needed_taughtABaseThatIsHere_stays(@TempDir Path store) throws IOException {
    Path folder = Files.createDirectory(store.resolve("n"));
    BaseRelease.note(folder, Map.of("java", new BaseRelease.Taught("r", 1.5, 1.5)));
    Manifest base = Manifests.ofBase("base", "next", BaseRelease.pieces(folder), 1);
    StoredReleases stored =
        new StoredReleases(
            store, new TreeMap<>(Map.of("a", of("java"), "r", of("java"), "n", base)));
    assertEquals(
        Set.of("a", "r", "n"), PruneCommand.needed(stored, List.of(event(Action.PUBLISH, "a"))));
  }

  /** A store of ten thousand releases is not listed ten thousand times. */
  @Test
  void delete_severalReleases_areGoneAndTheStoreIsListedOnce(@TempDir Path store)
      throws IOException {
    StoreFiles files = StoreFiles.in(store);
    for (String file : List.of("a/manifest.json", "a/w", "b/manifest.json", "b/w", "c/w")) {
      files.write(file, new byte[1]);
    }
    AtomicInteger lists = new AtomicInteger();
    PruneCommand.delete(counting(files, lists), List.of("b", "a", "gone"));
    assertEquals(List.of("c/w"), files.list().stream().map(StoredFile::path).toList());
    assertEquals(1, lists.get());
  }

  private static StoreFiles counting(StoreFiles files, AtomicInteger lists) {
    return Behind.calls(
        StoreFiles.class,
        files,
        (method, result) -> {
          lists.addAndGet(method.equals("list") ? 1 : 0);
          return result;
        });
  }

  private static ReleaseEvent event(Action action, String release) {
    return event(action, release, 0);
  }

  private static ReleaseEvent event(Action action, String release, long batch) {
    return StreamRecords.event("java", action, release, batch, 0);
  }

  /** A store of releases of the domains {@code java} and {@code other}. */
  private static StoredReleases stored(List<String> java, List<String> other) {
    TreeMap<String, Manifest> releases = new TreeMap<>();
    java.forEach(id -> releases.put(id, of("java")));
    other.forEach(id -> releases.put(id, of("other")));
    return new StoredReleases(Path.of("store"), releases);
  }

  private static Manifest of(String domain) {
    return Manifests.of(domain, null, 0);
  }
}
