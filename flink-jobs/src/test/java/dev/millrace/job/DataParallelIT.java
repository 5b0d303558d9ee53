package dev.millrace.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.adapter.Learner;
import dev.millrace.adapter.LearnerState;
import dev.millrace.adapter.Outcome;
import dev.millrace.adapter.exchange.Trainee;
import dev.millrace.adapter.train.Governor;
import dev.millrace.job.embedded.EmbeddedStack;
import dev.millrace.job.operator.Opened;
import dev.millrace.job.operator.learn.LearnerOpener;
import dev.millrace.job.releases.Reproduction;
import dev.millrace.job.releases.StoredReleases;
import dev.millrace.model.base.BaseModel;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.TrainingBatch;
import dev.millrace.schema.Verdict;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.core.execution.SavepointFormatType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Four trainers in two task managers learn each domain: whatever fails, the releases are the same,
 * behind them stands every sample once, and one process that does the same alone gets their bytes.
 */
@Timeout(value = 6, unit = TimeUnit.MINUTES)
class DataParallelIT {

  private static final List<String> DOMAINS = List.of("cloud", "legal");
  private static final int SAMPLES = 28;
  private static final Map<String, String> SETTINGS =
      Map.of(
          "batch.count", "8",
          "batch.spanMillis", "1000000",
          "heldOut.everyNth", "3",
          "job.parallelism", "2",
          "learn.exchange.processes", "2",
          "learn.exchange.trainers", "2",
          "learn.train.epochs", "4");

  /** The jobs run in this process: they find their failures here. */
  private static volatile Kills training = Kills.none();

  private static volatile Kills learning = Kills.none();

  @Test
  void learn_fourTrainersInTwoTaskManagersThatFail_sameReleasesAndEachSampleOnce()
      throws Exception {
    long seed = Long.getLong("millrace.seed", System.nanoTime());
    Random random = new Random(seed);
    try {
      Run calm = run(false);
      assertTrue(calm.releases.size() >= 4, calm.releases::toString);
      training = new Kills("training", 1, 12, random);
      learning = new Kills("learning", 1, 3, random);
      System.err.println("seed " + seed + ": " + training + ", " + learning);
      Run disturbed = run(true);
      assertEquals(2, training.done() + learning.done(), "seed " + seed);
      assertEquals(calm, disturbed, "seed " + seed);
    } finally {
      training = Kills.none();
      learning = Kills.none();
    }
  }

  @Test
  void learn_otherTrainersFromASavepoint_goOnWhereTheLastOnesStood() throws Exception {
    try (EmbeddedStack stack = EmbeddedStack.start(2, 1)) {
      Loop four = Loop.create(stack, 2, SETTINGS);
      Loop alone =
          with(four, Map.of("learn.exchange.processes", "1", "learn.exchange.trainers", "1"));
      String savepoint = "";
      int fed = 0;
      for (Loop team : List.of(four, alone, four)) {
        int before = savepoint.isEmpty() ? 0 : four.releases(1).size();
        LearnerOpener learners = TinyParts.learners(team.config());
        JobClient learn =
            savepoint.isEmpty() ? team.learn(learners) : team.learnFrom(savepoint, learners);
        feed(four, fed);
        fed += SAMPLES;
        four.releases(before + 2);
        savepoint = stopped(learn, stack);
        four.awaitCommits();
      }
      List<String> teams = teams(four);
      assertEquals("2", teams.get(0));
      assertTrue(teams.contains("1"), teams::toString);
      assertEquals("2", teams.get(teams.size() - 1), teams::toString);
      audited(four);
    }
  }

  private static Loop with(Loop loop, Map<String, String> settings) {
    return new Loop(loop.stack(), loop.topics(), loop.config().with(settings));
  }

  private static String stopped(JobClient job, EmbeddedStack stack) throws Exception {
    String folder = stack.folder("savepoints").toUri().toString();
    return job.stopWithSavepoint(true, folder, SavepointFormatType.CANONICAL).get();
  }

  /** How many processes taught each release. */
  private static List<String> teams(Loop loop) throws Exception {
    StoredReleases stored = StoredReleases.read(TinyParts.path(loop.config().store().uri()));
    return loop.releases(1).stream()
        .map(event -> stored.manifest(event.release()).plan().hyperparameters())
        .map(values -> values.getOrDefault("exchange.processes", "1"))
        .toList();
  }

  /**
   * What anybody can read of a run.
   *
   * @param releases in each domain's order
   * @param files of the store by path, the digest of each
   */
  private record Run(List<String> releases, Map<String, String> files) {}

  /** A task manager is lost too, if the run is disturbed. */
  private static Run run(boolean disturbed) throws Exception {
    try (EmbeddedStack stack = EmbeddedStack.start(2, 1)) {
      Loop loop = Loop.create(stack, 2, SETTINGS);
      feed(loop, 0);
      JobClient learn =
          loop.learnAll(
              LearnerBefore.each(failing(TinyParts.learners(loop.config())), FailingLearner::new));
      if (disturbed) {
        assertTrue(!loop.releases(1).isEmpty());
        stack.cluster().terminateTaskManager(1).get();
        stack.cluster().startTaskManager();
      }
      loop.await(learn);
      return audited(loop);
    }
  }

  private static Run audited(Loop loop) throws Exception {
    assertTrue(loop.verdicts(1).stream().allMatch(Verdict::accepted), "every batch was learned");
    List<String> releases = new ArrayList<>();
    for (ReleaseEvent event : loop.releases(1)) {
      releases.add(event.domain() + " " + event.release());
    }
    releases.sort(String.CASE_INSENSITIVE_ORDER);
    assertEquals(releases.size(), Set.copyOf(releases).size(), "no release is there twice");
    StoredReleases stored = StoredReleases.read(TinyParts.path(loop.config().store().uri()));
    loop.assertLineagesAreWhole(DOMAINS.size() * SAMPLES);
    assertOneProcessGetsTheSame(stored, loop);
    return new Run(releases, loop.files());
  }

  private static void assertOneProcessGetsTheSame(StoredReleases stored, Loop loop)
      throws Exception {
    Map<Origin, String> texts = new HashMap<>();
    loop.samples(DOMAINS.size() * SAMPLES).forEach(s -> texts.put(s.origin(), s.teaches()));
    for (String release : stored.serving().values()) {
      assertTrue(
          TinyParts.reproduces(
              new Reproduction(stored, release), loop.config(), texts::get, one -> {}),
          release);
    }
  }

  private static void feed(Loop loop, int from) {
    Random random = new Random(7 + from);
    try (Feed feed = loop.feed()) {
      for (int i = from; i < from + SAMPLES; i++) {
        for (String domain : DOMAINS) {
          feed.send(
              loop.topics().samples(),
              Feed.sample(domain + i, domain, Feed.text(domain, random), 1_000 + i));
        }
      }
    }
  }

  /** Trainers that fail in the middle of a round. */
  private static LearnerOpener failing(LearnerOpener learners) {
    return learners.with(
        subtask -> {
          Opened<Trainee.Means> opened = learners.trainers().open(subtask);
          Trainee.Means real = opened.value();
          return new Opened<>(
              new Trainee.Means(
                  failing(real.base()), real.anchors(), real.train(), real.plan(), real.codec()),
              opened.resources());
        });
  }

  private static BaseModel failing(BaseModel base) {
    return Behind.calls(
        BaseModel.class,
        base,
        (method, result) -> {
          if (method.equals("gradients")) {
            training.pass();
          }
          return result instanceof BaseModel other ? failing(other) : result;
        });
  }

  /** Fails when all is published and nobody knows of it. */
  private record FailingLearner(Learner learner) implements LearnerBefore {
    @Override
    public Outcome learn(LearnerState state, TrainingBatch batch, Governor governor) {
      Outcome outcome = learner.learn(state, batch, governor);
      learning.pass();
      return outcome;
    }
  }
}
