package dev.millrace.job.operator.learn;

import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.adapter.publish.Draft;
import dev.millrace.adapter.publish.ReleaseStore;
import dev.millrace.adapter.publish.StoreFiles;
import dev.millrace.adapter.publish.StoredFile;
import dev.millrace.job.Manifests;
import dev.millrace.job.operator.learn.Publication.Flaw;
import dev.millrace.model.release.Manifest;
import dev.millrace.model.release.ReleaseFile;
import dev.millrace.schema.ReleaseEvent.Kind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Publish, commit, swap and take back in a million orders, faults among them. */
class PublicationTest {

  private static final long SEED = Long.getLong("millrace.seed", 6);
  private static final int SCHEDULES = Integer.getInteger("millrace.schedules", 1_000_000);
  private static final int STEPS = 40;

  private final List<String> files = filesAsTheStoreWritesThem();

  private Publication publication(Flaw flaw) {
    return new Publication(flaw, files.size(), files.indexOf(Manifest.FILE));
  }

  /** Those of a release of two files. */
  private static List<String> filesAsTheStoreWritesThem() {
    List<String> written = new ArrayList<>();
    Manifest manifest =
        Manifests.of(
            null,
            "java",
            Kind.ADAPTER,
            "base",
            new TreeMap<>(
                Map.of("a", ReleaseFile.of(new byte[1]), "z", ReleaseFile.of(new byte[1]))),
            null,
            0);
    SortedMap<String, byte[]> files = new TreeMap<>(Map.of("a", new byte[1], "z", new byte[1]));
    ReleaseStore.of(new Watched(written)).publish(new Draft(manifest, files));
    return written.stream().map(path -> path.substring(path.indexOf('/') + 1)).toList();
  }

  /** Remembers what is written, and in which order. */
  private record Watched(List<String> written) implements StoreFiles {
    @Override
    public boolean exists(String path) {
      return written.contains(path);
    }

    @Override
    public void write(String path, byte[] bytes) {
      written.add(path);
    }

    @Override
    public void sync(String folder) {
      // the order of what is written is all that is asked
    }

    @Override
    public List<StoredFile> list() {
      return List.of();
    }

    @Override
    public void delete(String path) {
      written.remove(path);
    }

    @Override
    public String uri(String path) {
      return path;
    }
  }

  @Test
  void run_aMillionSchedules_everyPromiseIsKept() {
    Publication publication = publication(Flaw.NONE);
    long[] traces = new long[SCHEDULES];
    for (int i = 0; i < SCHEDULES; i++) {
      String problem = publication.run(SEED + i, STEPS);
      int schedule = i;
      assertNull(problem, () -> "seed " + (SEED + schedule) + ":\n" + publication.story());
      traces[i] = publication.trace();
    }
    long different = Arrays.stream(traces).distinct().count();
    System.out.println("PublicationTest: " + different + " interleavings from seed " + SEED);
    assertTrue(different > 0.99 * SCHEDULES, different + " different ones");
  }

  @ParameterizedTest
  @EnumSource(value = Flaw.class, mode = EnumSource.Mode.EXCLUDE, names = "NONE")
  void run_aPlantedMistake_isFound(Flaw flaw) {
    Publication publication = publication(flaw);
    String problem = null;
    int schedule = 0;
    while (problem == null && schedule < SCHEDULES) {
      problem = publication.run(SEED + schedule++, STEPS);
    }
    assertNotNull(problem, () -> flaw + " was not found in " + SCHEDULES + " schedules");
    System.out.println(
        "PublicationTest: " + flaw + " found by schedule " + schedule + ": " + problem);
  }
}
