package dev.millrace.job.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.millrace.model.release.LearnedSample;
import dev.millrace.model.release.Manifest;
import dev.millrace.model.release.Routing;
import dev.millrace.model.release.TrainingPlan;
import dev.millrace.schema.Origin;
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
            STORED, "c", "legal", places -> Map.of(at(1), "mail", at(2), "wiki", at(3), "mail"));
    assertEquals(List.of("b", "a"), provenance.chain());
    assertNull(provenance.missing());
    assertEquals(3, provenance.samples());
    assertEquals(Map.of("mail", 2, "wiki", 1), provenance.sources());
    assertEquals(0, provenance.unread());
  }

  @Test
  void of_samplesExpired_saysHowMany() {
    Provenance provenance = Provenance.of(STORED, "c", "legal", places -> Map.of(at(3), "mail"));
    assertEquals(2, provenance.unread());
    assertEquals(
        "release c, 2 parents up to the base\n3 samples taught them, such as s3\n  1 from mail\n"
            + "  2 that are not on their topic here",
        provenance.text());
  }

  @Test
  void of_parentPruned_namesIt() {
    StoredReleases pruned =
        new StoredReleases(Path.of("store"), new TreeMap<>(Map.of("b", release("a", 2))));
    assertEquals("a", Provenance.of(pruned, "b", "legal", places -> Map.of()).missing());
    assertThrows(
        IllegalArgumentException.class,
        () -> Provenance.of(pruned, "a", "legal", places -> Map.of()));
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
    return new Manifest(
        null,
        "java",
        "base",
        new TreeMap<>(),
        "int8-row",
        Routing.topK(1),
        parent,
        0,
        learned,
        List.of(),
        new TrainingPlan(1, new TreeMap<>(), 1, 1, "test", "none"),
        List.of(),
        null);
  }
}
