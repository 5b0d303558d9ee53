package dev.millrace.job.releases;

import static dev.millrace.schema.ReleaseEvent.STAYS_PINNED;
import static java.util.stream.Collectors.toMap;
import static java.util.stream.Collectors.toSet;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.Manifests;
import dev.millrace.job.StreamRecords;
import dev.millrace.model.release.InvalidReleaseException;
import dev.millrace.model.release.Manifest;
import dev.millrace.model.release.TrainingPlan;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.ReleaseEvent.Kind;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StoredReleasesTest {

  @TempDir Path store;

  private StoredReleases stored(int batches) {
    TreeMap<String, Manifest> byId = new TreeMap<>();
    for (int batch = 0; batch < batches; batch++) {
      byId.put("r" + batch, of(batch, Kind.ADAPTER));
      byId.put("a" + batch, of(batch, Kind.ALIGNMENT));
    }
    return new StoredReleases(store, byId);
  }

  @Test
  void serving_nothingNoted_isTheLatest() {
    assertEquals(Map.of("java", "r2"), stored(3).serving());
  }

  /** Nothing says that its base is the one which answers. */
  @Test
  void serving_latestWasBroughtToAnotherBase_isTheOneThatItCameOf() {
    StoredReleases stored = stored(2);
    TreeMap<String, Manifest> byId = new TreeMap<>(stored.byId());
    byId.put("b1", of(1, Kind.ADAPTER, null, Map.of("rebased", "r1")));
    assertEquals(Map.of("java", "r1"), new StoredReleases(store, byId).serving());
  }

  @Test
  void serving_takenBack_isWhatAnsweredWhenTheRunEnded() {
    StoredReleases stored = stored(3);
    List<ReleaseEvent> events = new ArrayList<>();
    for (int batch = 0; batch < 3; batch++) {
      events.add(event(Action.PUBLISH, "r" + batch, batch, 0));
    }
    events.add(event(Action.ROLLBACK, "r0", 0, 0));
    stored.note(events);
    assertEquals(Map.of("java", "r0"), stored.serving());
    StoredReleases later = with(stored, Kind.ADAPTER, "r3", 3, "r0");
    assertEquals(Map.of("java", "r3"), later.serving());
    assertEquals(
        Map.of("java", "r4"), with(later, Kind.ADAPTER, "r4", 4, "r3").serving(), "after it");
  }

  /** As where people order it while a lesson is judged: what came of that is never announced. */
  @Test
  void serving_storedSinceIsOfWhatWasTakenBack_isWhatAnsweredWhenTheRunEnded() {
    StoredReleases stored = stored(3);
    for (String to : List.of("r0", "")) {
      stored.note(List.of(event(Action.PUBLISH, "r2", 2, 0), event(Action.ROLLBACK, to, 0, 0)));
      StoredReleases later = with(stored, Kind.ADAPTER, "r3", 3, "r2");
      assertEquals(stored.serving(), later.serving());
      assertEquals(Map.of(), later.lost(Kind.ADAPTER));
      StoredReleases since = with(later, Kind.ADAPTER, "r4", 3, to.isEmpty() ? null : to);
      assertEquals(Map.of("java", "r4"), since.serving(), "what was learned of " + to);
    }
  }

  /** By a cluster, whose topic says so; there also on another base. */
  @Test
  void serving_takenBackOrBroughtElsewhereAndLearnedOn_isTheLatest() {
    StoredReleases stored = with(stored(2), Kind.ADAPTER, "r2", 2, "r0");
    stored.note(List.of(event(Action.PUBLISH, "r2", 2, 0)));
    assertEquals(Map.of("java", "r3"), with(stored, Kind.ADAPTER, "r3", 3, "r0").serving());
    TreeMap<String, Manifest> byId = new TreeMap<>(stored.byId());
    byId.put("b2", of(2, Kind.ADAPTER, "r2", Map.of("rebased", "r2")));
    StoredReleases brought = new StoredReleases(store, byId);
    assertEquals(Map.of("java", "r3"), with(brought, Kind.ADAPTER, "r3", 3, "b2").serving());
  }

  /** As by a cluster that forgot something of what was noted: numbers are used once more. */
  @Test
  void serving_nothingWasTakenBackAndLaterOnesAreOfAnotherBranch_isTheLatest() {
    StoredReleases stored = with(stored(2), Kind.ADAPTER, "r2", 2, "r1");
    stored.note(List.of(event(Action.PUBLISH, "r2", 2, 0)));
    StoredReleases again = with(stored, Kind.ADAPTER, "again2", 2, "r0");
    assertEquals(
        Map.of("java", "again3"), with(again, Kind.ADAPTER, "again3", 3, "again2").serving());
    assertEquals(Map.of("java", "r4"), with(stored, Kind.ADAPTER, "r4", 4, "lost").serving());
  }

  /** Whoever had pinned it found that it had gone on after the next start. */
  @Test
  void orders_pinnedWhenTheRunEnded_arePinsUntilItIsUnpinned() {
    StoredReleases stored = stored(2);
    List<ReleaseEvent> events = new ArrayList<>();
    events.add(event(Action.PUBLISH, "r0", 0, 0));
    events.add(event(Action.PUBLISH, "r1", 1, 0));
    events.add(event(Action.PIN, "r0", 0, 0));
    stored.note(events);
    StoredReleases later = stored(3); // one that was on its way
    assertEquals(Map.of("java", "r0"), later.serving());
    assertEquals(Map.of("ADAPTER 0", Action.PIN, "ALIGNMENT 2", Action.ROLLBACK), orders(later));
    events.add(event(Action.ROLLBACK, "r0", 0, 0));
    stored.note(events);
    assertEquals(
        Map.of("ADAPTER 0", Action.ROLLBACK, "ALIGNMENT 1", Action.ROLLBACK), orders(stored));
  }

  /** Its command may have been cut off: the domain is held until another order is given. */
  @Test
  void orders_heldByAForgetWhenTheRunEnded_arePins() {
    StoredReleases stored = stored(2);
    List<ReleaseEvent> events = new ArrayList<>();
    events.add(event(Action.PIN, "r1", 1, 0));
    events.add(event(Action.FORGET, "r0", 0, 0).ordering(Action.FORGET, STAYS_PINNED));
    for (ReleaseEvent again : List.of(events.get(1), event(Action.PUBLISH, "r1", 1, 0))) {
      events.add(again);
      stored.note(events);
      StoredReleases later = with(stored, Kind.ADAPTER, "r2", 2, "r1");
      assertEquals(Map.of("java", again.release()), later.serving());
      assertEquals(Action.PIN, orders(later).get("ADAPTER " + again.batch()));
    }
    events.add(event(Action.FORGET, "r0", 0, 0));
    stored.note(events);
    assertEquals(Action.ROLLBACK, orders(stored).get("ADAPTER 0"));
  }

  private static Map<String, Action> orders(StoredReleases stored) {
    return stored.orders("test").stream()
        .collect(toMap(event -> event.kind() + " " + event.batch(), ReleaseEvent::action));
  }

  @Test
  void serving_domainsOfTenants_areBesideTheSharedOneAndSeenByTheirOwnAlone() {
    TreeMap<String, Manifest> byId = new TreeMap<>(stored(2).byId());
    String first = add("acme", 0, byId);
    String second = add("acme", 1, byId);
    String others = add("other", 0, byId);
    StoredReleases stored = new StoredReleases(store, byId);
    Map<String, String> all = Map.of("java", "r1", "acme/java", second, "other/java", others);
    assertEquals(all, stored.serving());
    stored.note(List.of(stored.order(Action.ROLLBACK, first, "test")));
    SortedMap<String, String> serving = stored.serving();
    assertEquals(Map.of("java", "r1", "acme/java", first, "other/java", others), serving);
    assertEquals(Map.of("java", "r1"), stored.visibleTo(null, serving));
    assertEquals(Map.of("java", "r1"), stored.visibleTo("third", serving));
    assertEquals(Map.of("java", first), stored.visibleTo("acme", serving));
    byId.remove(first);
    StoredReleases without = new StoredReleases(store, byId);
    assertEquals(Map.of("acme/java", first), without.lost(Kind.ADAPTER));
    assertEquals(Map.of("java", "r1", "other/java", others), without.serving());
  }

  private static String add(String tenant, long batch, Map<String, Manifest> byId) {
    Manifest manifest =
        Manifests.of(tenant, "java", Kind.ADAPTER, "base", new TreeMap<>(), null, batch);
    byId.put(manifest.id(), manifest);
    return manifest.id();
  }

  @Test
  void lost_whatAnsweredIsNotStoredAnyMore_isNamed() {
    StoredReleases stored = stored(3);
    stored.note(List.of(event(Action.PUBLISH, "r2", 2, 0)));
    assertEquals(Map.of(), stored.lost(Kind.ADAPTER));
    assertEquals(Map.of("java", "r2"), stored(2).lost(Kind.ADAPTER));
    assertEquals(Map.of(), stored(2).serving());
    stored.note(List.of(event(Action.ROLLBACK, "", 0, 0)));
    assertEquals(Map.of(), stored(2).lost(Kind.ADAPTER));
  }

  @Test
  void serving_onTrialOrTakenBackToTheBase_isTheOneBefore() {
    StoredReleases stored = stored(2);
    ReleaseEvent first = event(Action.PUBLISH, "r0", 0, 0);
    stored.note(List.of(first, event(Action.PUBLISH, "r1", 1, 0.9)));
    assertEquals(Map.of("java", "r0"), stored.serving());
    stored.note(List.of(first, event(Action.ROLLBACK, "", 0, 0)));
    assertEquals(Map.of(), stored.serving());
  }

  @Test
  void alignments_takenBack_areWhatPlacedWhenTheRunEnded() {
    StoredReleases stored = stored(3);
    List<ReleaseEvent> events = new ArrayList<>();
    for (int batch = 0; batch < 3; batch++) {
      events.add(event(Action.PUBLISH, "r" + batch, batch, 0));
      events.add(event(Kind.ALIGNMENT, Action.PUBLISH, "a" + batch, batch, 0));
    }
    events.add(event(Kind.ALIGNMENT, Action.ROLLBACK, "a0", 0, 0));
    stored.note(events);
    assertEquals(Map.of("java", "a0"), stored.alignments());
    assertEquals(Map.of(), stored.lost(Kind.ALIGNMENT));
    TreeMap<String, Manifest> without = new TreeMap<>(stored.byId());
    without.remove("a0");
    assertEquals(Map.of("java", "a0"), new StoredReleases(store, without).lost(Kind.ALIGNMENT));
    assertEquals(Map.of("java", "r2"), stored.serving());
    assertEquals(Map.of("java", "a3"), with(stored, Kind.ALIGNMENT, "a3", 3, "a0").alignments());
    assertEquals(Map.of("java", "a0"), with(stored, Kind.ALIGNMENT, "a3", 3, "a2").alignments());
    events.add(event(Kind.ALIGNMENT, Action.ROLLBACK, "", 0, 0));
    stored.note(events);
    assertEquals(Map.of(), stored.alignments());
    assertEquals(Map.of("java", "r2"), stored.serving());
    stored.note(List.of());
    assertEquals(Map.of(), stored.alignments(), "a run in which nothing was said changes nothing");
  }

  /** As a run leaves it that is killed while it writes in place. */
  @ParameterizedTest
  @ValueSource(strings = {"", "[]", "{\"java\":{\"rel"})
  void note_earlierNoteIsHalf_isReplacedAndTheOtherIsWritten(String found) throws IOException {
    StoredReleases stored = stored(2);
    Path half = store.resolve("serving.json");
    Files.writeString(half, found);
    IllegalArgumentException refused =
        assertThrows(IllegalArgumentException.class, stored::serving);
    assertTrue(refused.getMessage().startsWith(half + ", expected"), refused.getMessage());
    stored.note(
        List.of(
            event(Action.ROLLBACK, "r0", 0, 0),
            event(Kind.ALIGNMENT, Action.ROLLBACK, "a0", 0, 0)));
    assertEquals(Map.of("java", "r0"), stored.serving());
    assertEquals(Map.of("java", "a0"), stored.alignments());
  }

  @Test
  void note_whileTheEarlierNoteIsRead_isBesideIt() throws IOException {
    StoredReleases stored = stored(2);
    stored.note(List.of(event(Action.ROLLBACK, "r0", 0, 0)));
    Path file = store.resolve("serving.json");
    String before = Files.readString(file);
    try (BufferedReader reader = Files.newBufferedReader(file)) {
      stored.note(List.of(event(Action.ROLLBACK, "", 0, 0)));
      assertEquals(before, reader.readLine());
    }
    assertEquals(Map.of(), stored.serving());
    try (Stream<Path> files = Files.list(store)) {
      assertEquals(Set.of(file, store.resolve("aligning.json")), files.collect(toSet()));
    }
  }

  @Test
  void read_storeWithASpaceInItsName_hasItsReleases() throws IOException {
    Manifest manifest = Manifests.of("java", null, 0);
    Path spaced = store.resolve("my report");
    Path release = Manifests.store(spaced, manifest);
    StoredReleases stored = StoredReleases.read(spaced);
    assertEquals(Map.of("java", manifest.id()), stored.serving());
    assertEquals("file://" + release, stored.uri(manifest.id()));
  }

  @Test
  void read_manifestThatIsNotWhatItsIdSays_isSkippedAndNamed() throws IOException {
    String id = "a".repeat(64);
    Files.createDirectories(store.resolve(id));
    Files.writeString(store.resolve(id).resolve(Manifest.FILE), "{");
    assertThrows(InvalidReleaseException.class, () -> StoredReleases.read(store));
    List<String> skipped = new ArrayList<>();
    assertEquals(Map.of(), StoredReleases.read(store, skipped::add).byId());
    assertEquals(1, skipped.size());
    assertEquals("skipped " + id, skipped.get(0).replaceFirst(":.*", ""));
  }

  @Test
  void read_manifestThatCannotBeOpened_isSkippedAndNamed() throws IOException {
    String id = "a".repeat(64);
    Files.createDirectories(store.resolve(id).resolve(Manifest.FILE));
    assertThrows(UncheckedIOException.class, () -> StoredReleases.read(store));
    List<String> skipped = new ArrayList<>();
    assertEquals(Map.of(), StoredReleases.read(store, skipped::add).byId());
    assertEquals(1, skipped.size());
    assertTrue(skipped.get(0).startsWith("skipped " + id + ": "), skipped.get(0));
  }

  private static ReleaseEvent event(Action action, String release, long batch, double withheld) {
    return event(Kind.ADAPTER, action, release, batch, withheld);
  }

  private static ReleaseEvent event(
      Kind kind, Action action, String release, long batch, double withheld) {
    ReleaseEvent event =
        StreamRecords.event(
            "java",
            kind,
            action,
            release,
            batch == 0 ? null : (kind == Kind.ADAPTER ? "r" : "a") + (batch - 1),
            batch,
            0);
    return event.withholding(withheld);
  }

  private StoredReleases with(
      StoredReleases stored, Kind kind, String id, long batch, @Nullable String parent) {
    TreeMap<String, Manifest> byId = new TreeMap<>(stored.byId());
    byId.put(id, of(batch, kind, parent, Map.of()));
    return new StoredReleases(store, byId);
  }

  private static Manifest of(long batch, Kind kind) {
    return of(batch, kind, null, Map.of());
  }

  private static Manifest of(
      long batch, Kind kind, @Nullable String parent, Map<String, String> hyperparameters) {
    var plan = new TrainingPlan(1, new TreeMap<>(hyperparameters), 1, 1, "test", "none");
    return Manifests.of(
        null, "java", kind, "base", new TreeMap<>(), parent, batch, List.of(), plan);
  }
}
