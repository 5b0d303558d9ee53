package dev.millrace.job.releases;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.Manifests;
import dev.millrace.model.release.BaseRelease;
import dev.millrace.model.release.LearnedSample;
import dev.millrace.model.release.Manifest;
import dev.millrace.model.release.ReleaseFile;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ForgettingTest {

  /** a ← b ← c ← d, and b ← x beside it; c replays what b learned. */
  private static final StoredReleases STORED =
      new StoredReleases(
          Path.of("store"),
          new TreeMap<>(
              Map.of(
                  "a", release(null, "s1"),
                  "b", release("a", "s2"),
                  "c", release("b", "s3", "s2"),
                  "d", release("c", "s4"),
                  "x", release("b", "s5"))));

  @Test
  void affected_whatLearnedItAndAllThatCameOfIt_onEveryBranch() {
    assertEquals(Set.of("b", "c", "d", "x"), forgetting("s2").affected());
    assertEquals(Set.of("c", "d"), forgetting("s3").affected());
    assertEquals(Set.of("x", "d"), forgetting("s4", "s5").affected());
    assertEquals(Set.of(), forgetting("unknown").affected());
  }

  @Test
  void lastUnaffected_isTheParentOfTheFirstThatLearnedIt() {
    assertEquals("a", forgetting("s2").lastUnaffected("d"));
    assertEquals("b", forgetting("s3").lastUnaffected("d"));
    assertEquals("x", forgetting("s3").lastUnaffected("x"));
    assertEquals("a", forgetting("s4", "s2").lastUnaffected("d"));
    assertNull(forgetting("s1").lastUnaffected("d"));
  }

  /** Learn goes back to nothing that is of another base than what answers. */
  @Test
  void lastUnaffected_beforeItWasBroughtToAnotherBase_isTheBaseAlone() {
    SortedMap<String, Manifest> releases = new TreeMap<>(STORED.byId());
    releases.put("r", releaseOf("next", "c"));
    releases.put("e", releaseOf("next", "r", "s6"));
    StoredReleases stored = new StoredReleases(Path.of("store"), releases);
    assertEquals("r", new Forgetting(stored, Set.of("s6")).lastUnaffected("e"));
    assertNull(new Forgetting(stored, Set.of("s3")).lastUnaffected("e"));
    assertEquals("b", new Forgetting(stored, Set.of("s3")).lastUnaffected("c"));
    assertEquals(Set.of("c", "d", "r", "e"), new Forgetting(stored, Set.of("s3")).affected());
  }

  @Test
  void descendantsFirst_eachBeforeItsAncestors() {
    assertEquals(List.of("d", "c", "x", "b"), forgetting("s2").descendantsFirst());
  }

  /** As an older prune left it. */
  @Test
  void affected_ancestorIsGone_endsTheLineageThere() {
    TreeMap<String, Manifest> releases = new TreeMap<>(STORED.byId());
    releases.remove("b");
    StoredReleases stored = new StoredReleases(Path.of("store"), releases);
    Forgetting forgetting = new Forgetting(stored, Set.of("s3"));
    assertEquals(Set.of("c", "d"), forgetting.affected());
    assertEquals(Set.of("b"), forgetting.missing());
    assertNull(forgetting.lastUnaffected("d"));
    assertEquals("x", forgetting.lastUnaffected("x"));
    assertFalse(forgetting.isWhole("d"));
    assertTrue(forgetting.isWhole("a"));
    assertThrows(IllegalArgumentException.class, () -> forgetting.lineage("d"));
  }

  @Test
  void requireUnknownTo_baseThatWasTaughtAnAffectedRelease_isRefused(@TempDir Path store)
      throws IOException {
    BaseRelease.note(
        Files.createDirectory(store.resolve("n")),
        Map.of("java", new BaseRelease.Taught("c", 1.5, 1.5)));
    SortedMap<String, Manifest> releases = new TreeMap<>(STORED.byId());
    releases.put("n", base(BaseRelease.pieces(store.resolve("n"))));
    StoredReleases stored = new StoredReleases(store, releases);
    new Forgetting(stored, Set.of("s4")).requireUnknownTo("n");
    for (String sample : List.of("s1", "s2", "s3")) {
      IllegalArgumentException refused =
          assertThrows(
              IllegalArgumentException.class,
              () -> new Forgetting(stored, Set.of(sample)).requireUnknownTo("n"));
      assertTrue(refused.getMessage().contains("taught by c"), refused::getMessage);
    }
    assertThrows(
        IllegalArgumentException.class,
        () -> new Forgetting(stored, Set.of("s4")).requireUnknownTo("elsewhere"));
    assertEquals(Set.of("c", "d", "n"), new Forgetting(stored, Set.of("s3")).affected());
    assertEquals(List.of("n", "d", "c"), new Forgetting(stored, Set.of("s3")).descendantsFirst());
    releases.remove("c");
    releases.remove("d");
    Forgetting blind = new Forgetting(new StoredReleases(store, releases), Set.of("s4"));
    IllegalArgumentException unknown =
        assertThrows(IllegalArgumentException.class, () -> blind.requireUnknownTo("n"));
    assertTrue(unknown.getMessage().contains("nobody can tell"), unknown::getMessage);
  }

  @Test
  void requireUnknownTo_baseWhoseTextsWereSamples_isRefusedAndGoesWithThem(@TempDir Path store)
      throws IOException {
    Path before = Files.createDirectory(store.resolve("before"));
    BaseRelease.noteLearned(before, before, List.of("s5"));
    Path folder = Files.createDirectory(store.resolve("n"));
    BaseRelease.noteLearned(folder, before, List.of("s3"));
    SortedMap<String, Manifest> releases = new TreeMap<>(STORED.byId());
    releases.put("n", base(BaseRelease.pieces(folder)));
    StoredReleases stored = new StoredReleases(store, releases);
    Forgetting unknown = new Forgetting(stored, Set.of("s2"));
    unknown.requireUnknownTo("n");
    assertFalse(unknown.affected().contains("n"));
    Forgetting known = new Forgetting(stored, Set.of("s5"));
    IllegalArgumentException refused =
        assertThrows(IllegalArgumentException.class, () -> known.requireUnknownTo("n"));
    assertTrue(refused.getMessage().contains("n answers and was taught sample s5"));
    assertEquals(List.of("n", "x"), known.descendantsFirst());
  }

  @Test
  void requireUnknownTo_baseThatCameOfOneThatWasTaught_isRefused(@TempDir Path store)
      throws IOException {
    BaseRelease.note(
        Files.createDirectory(store.resolve("n")),
        Map.of("java", new BaseRelease.Taught("c", 1.5, 1.5)));
    SortedMap<String, Manifest> releases = new TreeMap<>(STORED.byId());
    releases.put("n", base(BaseRelease.pieces(store.resolve("n"))));
    releases.put("m", Manifests.ofBase("next", "after next", new TreeMap<>(), 2));
    StoredReleases stored = new StoredReleases(store, releases);
    new Forgetting(stored, Set.of("s4")).requireUnknownTo("m");
    assertThrows(
        IllegalArgumentException.class,
        () -> new Forgetting(stored, Set.of("s2")).requireUnknownTo("m"));
  }

  /** The base that was taught it may never have been released, or be gone. */
  @Test
  void requireUnknownTo_baseOfABaseThatWasTaughtAnAffectedRelease_isRefusedAndGoesWithIt(
      @TempDir Path store) throws IOException {
    Path before = Files.createDirectory(store.resolve("before"));
    BaseRelease.note(before, Map.of("java", new BaseRelease.Taught("c", 1.5, 1.5)));
    Path folder = Files.createDirectory(store.resolve("n"));
    BaseRelease.noteLearned(folder, before, List.of());
    SortedMap<String, Manifest> releases = new TreeMap<>(STORED.byId());
    releases.put("n", base(BaseRelease.pieces(folder)));
    StoredReleases stored = new StoredReleases(store, releases);
    new Forgetting(stored, Set.of("s4")).requireUnknownTo("n");
    Forgetting known = new Forgetting(stored, Set.of("s3"));
    IllegalArgumentException refused =
        assertThrows(IllegalArgumentException.class, () -> known.requireUnknownTo("n"));
    assertTrue(refused.getMessage().contains("taught by c"), refused::getMessage);
    assertEquals(List.of("n", "d", "c"), known.descendantsFirst());
  }

  private static Manifest base(SortedMap<String, ReleaseFile> files) {
    return Manifests.ofBase("base", "next", files, 1);
  }

  private static Forgetting forgetting(String... samples) {
    return new Forgetting(STORED, Set.of(samples));
  }

  private static Manifest release(@Nullable String parent, String... samples) {
    return releaseOf("base", parent, samples);
  }

  private static Manifest releaseOf(String base, @Nullable String parent, String... samples) {
    LearnedSample[] learned =
        Stream.of(samples)
            .map(sample -> new LearnedSample(sample, new Origin("samples", 0, 1), false))
            .toArray(LearnedSample[]::new);
    return Manifests.of(null, "java", Kind.ADAPTER, base, new TreeMap<>(), parent, 0, learned);
  }
}
