package dev.millrace.adapter;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.adapter.publish.ForwardingFiles;
import dev.millrace.adapter.publish.ReleaseStore;
import dev.millrace.adapter.publish.StoreFiles;
import dev.millrace.model.release.LearnedSample;
import dev.millrace.model.release.Manifest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * A learner that is killed anywhere, and begins again with the last state that was kept, leads to
 * the bytes of one that was left alone.
 */
class KilledLearnerTest extends BigramLearners {

  private static final int BATCHES = 4;
  private static final int RUNS = 8;

  /** On the topic, of which every fifth judges; the two partitions take turns. */
  private static final int SAMPLES = 30 * BATCHES;

  private static final LearnerConfig SHORT =
      Configs.with(Configs.LEARNER, "train", Configs.LEARNER.train().toBuilder().epochs(4).build());

  /** What is left of a run: the last state, and the ids of its releases in order. */
  private record Run(byte[] state, List<String> releases, int kills) {}

  @Test
  void learn_killedAtRandomPointsAndBegunAgain_sameBytesAndEverySampleOnce() throws IOException {
    long seed = Long.getLong("millrace.seed", System.nanoTime());
    Run calm = run("calm", null);
    assertLineageIsWhole(calm, "calm");
    int kills = 0;
    for (int i = 0; i < RUNS; i++) {
      String name = "seed " + seed + " run " + i;
      Run killed = run("killed" + i, new Random(seed + i));
      assertEquals(calm.releases(), killed.releases(), name);
      assertArrayEquals(calm.state(), killed.state(), name);
      assertLineageIsWhole(killed, "killed" + i);
      kills += killed.kills();
    }
    assertTrue(kills > RUNS, kills + " kills, seed " + seed);
  }

  /** Learns all batches; each time it is killed, only the bytes of the state before are left. */
  private Run run(String store, @Nullable Random random) {
    byte[] state = initial(mortal(store, null)).toBytes();
    List<String> releases = new ArrayList<>();
    int kills = 0;
    for (int number = 0; number < BATCHES; ) {
      try {
        Outcome outcome =
            mortal(store, random)
                .learn(LearnerState.fromBytes(state), batch(number), () -> survives(random, 60));
        if (!survives(random, 3)) { // published, and nobody knows of it
          throw new CancellationException("killed before the state was kept");
        }
        state = outcome.state().toBytes();
        releases.add(String.valueOf(outcome.verdict().release()));
        number++;
      } catch (CancellationException | UncheckedIOException e) {
        kills++;
      }
    }
    return new Run(state, releases, kills);
  }

  private static boolean survives(@Nullable Random random, int oneIn) {
    return random == null || random.nextInt(oneIn) > 0;
  }

  /** The offsets behind the last release are those of all that may teach, each once, in order. */
  private void assertLineageIsWhole(Run run, String store) throws IOException {
    List<Long> learned = new ArrayList<>();
    String id = run.releases().get(BATCHES - 1);
    while (id != null) {
      Manifest manifest = manifest(store, id);
      List<Long> ofBatch =
          manifest.learned().stream()
              .filter(sample -> !sample.replay())
              .map(LearnedSample::origin)
              .map(origin -> 2 * origin.offset() + origin.partition())
              .toList();
      learned.addAll(0, ofBatch);
      id = manifest.parent();
    }
    List<Long> teaching = LongStream.range(0, SAMPLES).filter(n -> n % 5 != 4).boxed().toList();
    assertEquals(teaching, learned);
  }

  private Manifest manifest(String store, String id) throws IOException {
    assertNotNull(id);
    byte[] bytes = Files.readAllBytes(folder.resolve(store).resolve(id).resolve(Manifest.FILE));
    return Manifest.parse(bytes);
  }

  private Learner mortal(String store, @Nullable Random random) {
    StoreFiles files = StoreFiles.in(folder.resolve(store));
    ReleaseStore releases = ReleaseStore.of(random == null ? files : new Failing(files, random));
    return Learner.of(Configs.with(surroundings(store, base), "store", releases), SHORT);
  }

  /** Fails before or after a file is written, now and then. */
  private static final class Failing extends ForwardingFiles {
    private final Random random;

    Failing(StoreFiles files, Random random) {
      super(files);
      this.random = random;
    }

    @Override
    public void write(String path, byte[] bytes) throws IOException {
      kill();
      super.write(path, bytes);
      kill();
    }

    private void kill() throws IOException {
      if (!survives(random, 12)) {
        throw new IOException("killed while publishing");
      }
    }
  }
}
