package dev.millrace.adapter.publish;

import static dev.millrace.adapter.Configs.with;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.adapter.publish.Retention.Stored;
import dev.millrace.model.release.Manifest;
import dev.millrace.schema.ReleaseEvent.Kind;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class RetentionTest {
  private static final Instant NOW = Instant.parse("2026-11-24T12:00:00Z");
  private static final Retention NONE = new Retention(0, Duration.ofDays(7));
  private static final Retention ONE = new Retention(1, Duration.ofDays(7));

  /** a ← b ← c was taken back at a; a ← d ← e is current. */
  private final Map<String, Stored> store =
      new TreeMap<>(
          Map.of(
              "a", release(0, null, 30),
              "b", release(1, "a", 29),
              "c", release(2, "b", 28),
              "d", release(3, "a", 27),
              "e", release(4, "d", 26)));

  @Test
  void expired_currentAndItsAncestors_stay() {
    assertEquals(List.of("c", "b"), NONE.expired(store, Set.of("e"), NOW));
    assertEquals(List.of(), new Retention(2, NONE.age()).expired(store, Set.of("e"), NOW));
  }

  @Test
  void expired_pinned_staysWithItsAncestors() {
    assertEquals(List.of(), NONE.expired(store, Set.of("e", "c"), NOW));
  }

  @Test
  void expired_newestThatNothingNeeds_staysWithItsAncestors() {
    assertEquals(List.of(), ONE.expired(store, Set.of("e"), NOW));
    store.put("f", release(5, "e", 25));
    assertEquals(List.of("c", "b"), ONE.expired(store, Set.of("e"), NOW));
  }

  @Test
  void expired_young_staysWithItsAncestors() {
    store.put("b", release(1, "a", 6));
    assertEquals(List.of("c"), NONE.expired(store, Set.of("e"), NOW));
    store.put("c", release(2, "b", 6));
    store.put("b", release(1, "a", 29));
    assertEquals(List.of(), NONE.expired(store, Set.of("e"), NOW));
  }

  /** A trainer that begins anew counts its batches anew. */
  @Test
  void expired_descendantOfALowerBatch_goesBeforeItsAncestors() {
    store.put("c", release(0, "b", 28));
    assertEquals(List.of("c", "b"), NONE.expired(store, Set.of("e"), NOW));
  }

  @Test
  void expired_otherDomains_countForThemselves() {
    store.put("f", release(5, "e", 25));
    store.put("x", release("other", 6, 30));
    assertEquals(List.of("c", "b"), ONE.expired(store, Set.of("e"), NOW));
  }

  @Test
  void expired_alignments_countForThemselves() {
    store.put("f", release(5, "e", 25));
    store.put("x", stored("java", 9, null, 30, Kind.ALIGNMENT));
    assertEquals(List.of("c", "b"), ONE.expired(store, Set.of("e"), NOW));
  }

  private static Stored release(long batch, @Nullable String parent, int days) {
    return stored("java", batch, parent, days, Kind.ADAPTER);
  }

  private static Stored release(String domain, long batch, int days) {
    return stored(domain, batch, null, days, Kind.ADAPTER);
  }

  private static Stored stored(
      String domain, long batch, @Nullable String parent, int days, Kind kind) {
    Manifest plain = ReleaseStoreTest.manifest(new TreeMap<>());
    Manifest manifest =
        with(plain, "domain", domain, "parent", parent, "batch", batch, "kind", kind);
    return new Stored(manifest, NOW.minus(Duration.ofDays(days)));
  }
}
