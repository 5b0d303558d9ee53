package dev.millrace.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.adapter.align.AlignmentLearner;
import dev.millrace.job.embedded.EmbeddedStack;
import dev.millrace.job.operator.Opened;
import dev.millrace.job.operator.learn.SwappedPairs;
import dev.millrace.job.releases.Heads;
import dev.millrace.job.releases.StoredReleases;
import dev.millrace.model.release.LearnedSample;
import dev.millrace.model.score.Scored;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Kind;
import dev.millrace.schema.ReleaseLine;
import dev.millrace.schema.Sample;
import dev.millrace.schema.ScoredSample;
import dev.millrace.schema.Verdict;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Pairs teach an alignment once each, whatever fails while they do. */
@Timeout(value = 8, unit = TimeUnit.MINUTES)
class AlignmentIT {

  private static final int SAMPLES = 300;
  private static final int FAILURES = 4;

  /** The job runs in this process: it finds its failures here. */
  private static volatile Kills learning = Kills.none();

  @Test
  void learn_failuresWhilePairsTeach_sameReleasesEachOnce() throws Exception {
    long seed = Long.getLong("millrace.seed", System.nanoTime());
    try {
      Run calm = run();
      learning = new Kills("learning", FAILURES, 250, new Random(seed));
      System.err.println("seed " + seed + ": " + learning);
      Run disturbed = run();
      assertEquals(FAILURES, learning.done(), "seed " + seed);
      assertEquals(calm, disturbed, "seed " + seed);
    } finally {
      learning = Kills.none();
    }
  }

  /**
   * What anybody can read of a run.
   *
   * @param judged by the number of the batch, what the gate found: a refusal is told at once, a
   *     release when it is in the store, so the topic's order is not theirs
   * @param taught ids of the samples behind the last release, in order
   */
  private record Run(List<String> releases, List<String> judged, List<String> taught) {}

  private static Run run() throws Exception {
    try (EmbeddedStack stack = EmbeddedStack.start(1, 4)) {
      Loop loop = Loop.create(stack, 1, Map.of("batch.count", "64", "heldOut.everyNth", "3"));
      try (Feed feed = loop.feed()) {
        IntStream.range(0, SAMPLES)
            .forEach(i -> feed.send(loop.topics().samples(), SwappedPairs.sample(i)));
      }
      learn(loop);
      Path store = TinyParts.path(loop.config().store().uri());
      StoredReleases stored = StoredReleases.read(store);
      List<ReleaseEvent> events =
          loop.releases(0).stream().filter(event -> event.kind() == Kind.ALIGNMENT).toList();
      List<String> releases = events.stream().map(ReleaseEvent::release).toList();
      assertTrue(releases.size() >= 3, releases.toString());
      ReleaseEvent last =
          Heads.followed(events).get(new ReleaseLine(null, "stamps", Kind.ALIGNMENT));
      assertEquals(releases.get(releases.size() - 1), last.release());
      assertTrue(stored.serving().values().stream().noneMatch(releases::contains));
      List<String> taught =
          releases.stream()
              .flatMap(id -> stored.manifest(id).learned().stream())
              .filter(sample -> !sample.replay())
              .map(LearnedSample::sample)
              .toList();
      assertEquals(taught.size(), taught.stream().distinct().count(), "each once");
      List<String> judged =
          loop.verdicts(0).stream()
              .filter(Verdict::isOfAlignment)
              .sorted(Comparator.comparingLong(Verdict::batch))
              .map(verdict -> verdict.batch() + " " + verdict.release() + " " + verdict.rules())
              .toList();
      assertEquals(judged.size(), judged.stream().distinct().count(), "each judged once");
      return new Run(releases, judged, taught);
    }
  }

  private static void learn(Loop loop) throws Exception {
    String store = TinyParts.path(loop.config().store().uri()).toString();
    StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
    LearnJob.buildBounded(
        env,
        loop.config(),
        TinyParts.assigning(loop.config()),
        subtask -> new Opened<>((sample, memory) -> accepted(sample), () -> {}),
        TinyParts.learners(loop.config())
            .aligning(
                subtask -> new Opened<>(failing(SwappedPairs.learner(Path.of(store))), () -> {})),
        InstantSource.system());
    loop.await(loop.stack().submit(env));
  }

  private static Scored accepted(Sample sample) {
    int i = Integer.parseInt(sample.id().substring(1));
    return new Scored.Accepted(
        new ScoredSample(sample.withoutMedia(), new int[] {1, 2}, 1, 1, 1, i % 4 == 0),
        SwappedPairs.places(i));
  }

  /** Fails when all is published and nobody knows of it. */
  private static AlignmentLearner failing(AlignmentLearner real) {
    return Behind.calls(
        AlignmentLearner.class,
        real,
        (method, result) -> {
          if (method.equals("take") || method.equals("publish")) {
            learning.pass();
          }
          return result;
        });
  }
}
