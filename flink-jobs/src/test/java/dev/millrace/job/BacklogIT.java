package dev.millrace.job;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.adapter.Learner;
import dev.millrace.adapter.LearnerState;
import dev.millrace.adapter.Outcome;
import dev.millrace.adapter.train.Governor;
import dev.millrace.job.embedded.EmbeddedStack;
import dev.millrace.job.io.KafkaTopics;
import dev.millrace.model.score.HeldOut;
import dev.millrace.schema.Sample;
import dev.millrace.schema.TrainingBatch;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.flink.core.execution.JobClient;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A trainer that is behind: what is published is committed all the same, not a backlog later. */
@Timeout(value = 6, unit = TimeUnit.MINUTES)
class BacklogIT {

  private static final List<String> DOMAINS = List.of("cloud", "health", "legal");
  private static final int SAMPLES = 64;

  private static final int BATCH = 6;

  private static final Map<String, String> SETTINGS =
      Map.of(
          "batch.count", Integer.toString(BATCH),
          "batch.spanMillis", "1000000",
          "heldOut.everyNth", "3");

  /** The job runs in this process: its learner waits here. */
  private static volatile CountDownLatch going = new CountDownLatch(0);

  @Test
  void learn_behind_checkpointsDoNotWaitForTraining() throws Exception {
    going = new CountDownLatch(1);
    try (EmbeddedStack stack = EmbeddedStack.start(1, 4)) {
      Loop loop = Loop.create(stack, 1, SETTINGS);
      feed(loop);
      JobClient learn =
          loop.learn(LearnerBefore.each(TinyParts.learners(loop.config()), WaitingLearner::new));
      awaitCheckpointPastAll(loop);
      assertEquals(List.of(), loop.verdicts(0));
      going.countDown();
      int batches = batches(loop);
      assertEquals(batches, loop.verdicts(batches).size());
      learn.cancel().get();
    } finally {
      going.countDown();
    }
  }

  /** A checkpoint that is past all samples, while no batch has been learned. */
  private static void awaitCheckpointPastAll(Loop loop) throws Exception {
    KafkaTopics learn =
        new KafkaTopics(loop.config().kafka(), loop.config().job().name() + "-learn");
    while (learn.read(loop.topics().samples()) < DOMAINS.size() * (long) SAMPLES) {
      Thread.sleep(100);
    }
  }

  /** How many batches the samples fill. */
  private static int batches(Loop loop) throws Exception {
    HeldOut heldOut = TinyParts.heldOut(loop.config());
    return loop.samples(DOMAINS.size() * SAMPLES).stream()
        .filter(s -> !heldOut.contains(s.tenant(), s.domain(), s.document()))
        .collect(Collectors.groupingBy(Sample::domain, Collectors.counting()))
        .values()
        .stream()
        .mapToInt(teaching -> (int) (teaching / BATCH))
        .sum();
  }

  private static void feed(Loop loop) {
    Random random = new Random(7);
    try (Feed feed = loop.feed()) {
      for (int i = 0; i < SAMPLES; i++) {
        for (String domain : DOMAINS) {
          feed.send(
              loop.topics().samples(),
              Feed.sample(domain + i, domain, Feed.text(domain, random), 1_000 + i));
        }
      }
    }
  }

  private record WaitingLearner(Learner learner) implements LearnerBefore {
    @Override
    public Outcome learn(LearnerState state, TrainingBatch batch, Governor governor) {
      try {
        going.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      return learner.learn(state, batch, governor);
    }
  }
}
