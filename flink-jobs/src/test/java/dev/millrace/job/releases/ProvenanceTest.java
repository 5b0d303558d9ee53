package dev.millrace.job.releases;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.millrace.job.Manifests;
import dev.millrace.model.release.LearnedSample;
import dev.millrace.model.release.Manifest;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Sample;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ProvenanceTest {

  /** a ← b ← c; c learns sample 3 and what b had learned once more. */
  private static final StoredReleases STORED =
      new StoredReleases(
          Path.of("store"),
          new TreeMap<>(
              Map.of("a", release(null, 1), "b", release("a", 2), "c", release("b", 3, -2))));

  @Test
  void of_lineage_countsEachSampleOnceByItsSource() {
    Provenance provenance =
        Provenance.of(
            STORED,
            "c",
            "legal",
            ids -> {
              assertEquals(Map.of(at(1), "s1", at(2), "s2", at(3), "s3"), ids);
              return Map.of(at(1), sample("mail"), at(2), sample("wiki"), at(3), sample("mail"));
            });
    assertEquals(List.of("b", "a"), provenance.chain());
    assertNull(provenance.missing());
    assertEquals(3, provenance.samples());
    assertEquals(Map.of("mail", 2, "wiki", 1), provenance.sources());
    assertEquals(0, provenance.unread());
  }

  @Test
  void of_samplesExpired_saysHowMany() {
    Provenance provenance =
        Provenance.of(STORED, "c", "legal", ids -> Map.of(at(3), sample("mail")));
    assertEquals(2, provenance.unread());
    assertEquals(
        "release c, 2 parents up to the base\n3 samples taught them, such as s3\n  1 from mail\n"
            + "  2 that are not on their topic here",
        provenance.text());
  }

  /** As behind a gateway with a broker of its own, which begins anew each time. */
  @Test
  void of_samplesOfARunBeforeStoodInTheSamePlaces_countsBoth() {
    LearnedSample before = new LearnedSample("old", at(1), false);
    StoredReleases stored =
        new StoredReleases(
            Path.of("store"),
            new TreeMap<>(
                Map.of("a", Manifests.of("java", null, 0, before), "b", release("a", 1, 2))));
    Provenance provenance =
        Provenance.of(stored, "b", "java", ids -> Map.of(at(1), sample("mail")));
    assertEquals(3, provenance.samples());
    assertEquals(2, provenance.unread());
  }

  @Test
  void of_parentPruned_namesIt() {
    StoredReleases pruned =
        new StoredReleases(Path.of("store"), new TreeMap<>(Map.of("b", release("a", 2))));
    assertEquals("a", Provenance.of(pruned, "b", "legal", ids -> Map.of()).missing());
    assertThrows(
        IllegalArgumentException.class, () -> Provenance.of(pruned, "a", "legal", ids -> Map.of()));
  }

  private static Sample sample(String source) {
    return Sample.ofText("s", source, "d", "java", "text", 0, Origin.UNWRITTEN);
  }

  private static Origin at(long offset) {
    return new Origin("samples", 0, offset);
  }

  /** Negative offsets are replayed. */
  private static Manifest release(@Nullable String parent, long... offsets) {
    List<LearnedSample> learned = new ArrayList<>();
    for (long offset : offsets) {
      learned.add(new LearnedSample("s" + offset, at(Math.abs(offset)), offset < 0));
    }
    return Manifests.of("java", parent, 0, learned.toArray(LearnedSample[]::new));
  }
}
