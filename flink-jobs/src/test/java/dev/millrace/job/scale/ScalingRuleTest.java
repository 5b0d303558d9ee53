package dev.millrace.job.scale;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.embedded.FreePorts;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.function.LongToDoubleFunction;
import org.junit.jupiter.api.Test;

class ScalingRuleTest {

  private static final ScalingConfig CONFIG =
      new ScalingConfig(32, 4, Duration.ofSeconds(10), Duration.ofSeconds(60), 1, 3);

  private int running = 1;
  private int changes;

  /** Follows the rule for so many seconds of a load. */
  private void follow(ScalingRule rule, int from, int to, LongToDoubleFunction waiting) {
    for (int second = from; second < to; second++) {
      int wanted = rule.decide(1_000L * second, waiting.applyAsDouble(second), running);
      assertTrue(Math.abs(wanted - running) <= 1, "one at a time");
      changes += wanted == running ? 0 : 1;
      running = wanted;
    }
  }

  @Test
  void decide_loadComesAndGoes_oneMoreThenOneFewer() {
    ScalingRule rule = new ScalingRule(CONFIG);
    follow(rule, 0, 10, second -> 40);
    assertEquals(1, running, "not before it has held");
    follow(rule, 10, 60, second -> 40);
    assertEquals(2, running);
    follow(rule, 60, 100, second -> 0);
    assertEquals(1, running);
    assertEquals(2, changes);
  }

  @Test
  void decide_loadHigherThanAllCanTake_stopsAtTheMost() {
    follow(new ScalingRule(CONFIG), 0, 600, second -> 10_000);
    assertEquals(3, running);
    assertEquals(2, changes);
  }

  @Test
  void decide_fewerThanTheLeast_oneMoreWhateverTheLoad() {
    ScalingConfig config =
        new ScalingConfig(32, 4, Duration.ofSeconds(10), Duration.ofSeconds(60), 2, 3);
    follow(new ScalingRule(config), 0, 100, second -> 0);
    assertEquals(2, running);
    assertEquals(1, changes);
  }

  @Test
  void decide_modelStillLoading_waits() {
    ScalingRule rule = new ScalingRule(CONFIG);
    follow(rule, 0, 11, second -> 100);
    assertEquals(2, running);
    follow(rule, 11, 70, second -> 100);
    assertEquals(2, running, "nobody can tell yet whether it was enough");
    follow(rule, 70, 72, second -> 100);
    assertEquals(3, running);
  }

  @Test
  void decide_shortPeaks_changeNothing() {
    follow(new ScalingRule(CONFIG), 0, 3_600, second -> second % 15 < 9 ? 200 : 0);
    assertEquals(0, changes);
  }

  @Test
  void decide_noiseAroundEachThreshold_doesNotFlap() {
    for (double level : new double[] {4, 8, 32, 64}) {
      running = 1;
      changes = 0;
      Random random = new Random(7);
      follow(
          new ScalingRule(CONFIG),
          0,
          3_600,
          second -> Math.max(0, level * (1 + random.nextGaussian() / 4)));
      assertTrue(changes <= 2, changes + " changes in an hour at " + level);
    }
  }

  @Test
  void config_thresholdsTooClose_isRefused() {
    assertThrows(
        IllegalArgumentException.class,
        () -> new ScalingConfig(10, 6, Duration.ZERO, Duration.ZERO, 1, 2));
    assertThrows(
        IllegalArgumentException.class,
        () -> new ScalingConfig(10, 2, Duration.ZERO, Duration.ZERO, 0, 2));
  }

  @Test
  void scrape_severalSubtasks_addsThemUp() {
    String scrape =
        """
        # TYPE flink_taskmanager_job_task_operator_millrace_waiting gauge
        flink_taskmanager_job_task_operator_millrace_waiting{subtask_index="0",} 3.0
        flink_taskmanager_job_task_operator_millrace_waiting{subtask_index="1",} 4.0
        flink_taskmanager_job_task_operator_millrace_running{subtask_index="1",} 16.0
        """;
    assertEquals(OptionalDouble.of(7), Scrape.sum(scrape));
  }

  @Test
  void scrape_jobThatRestarts_isNotTakenForIdle() {
    assertTrue(Scrape.sum("flink_taskmanager_Status_JVM_CPU_Load{tm_id=\"a\",} 0.5\n").isEmpty());
  }

  @Test
  void scrape_processThatDoesNotAnswer_isNotTakenForIdle() throws Exception {
    URI nobody = URI.create("http://127.0.0.1:" + FreePorts.find(1).get(0) + "/metrics");
    assertTrue(new Scrape().waiting(List.of(nobody)).isEmpty());
  }
}
