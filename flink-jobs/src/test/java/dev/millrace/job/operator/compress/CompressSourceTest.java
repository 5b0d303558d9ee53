package dev.millrace.job.operator.compress;

import static dev.millrace.job.operator.Streams.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.operator.Courtesy;
import dev.millrace.job.operator.Opened;
import dev.millrace.model.base.Foreground;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent.Kind;
import dev.millrace.schema.Verdict;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.state.CheckpointListener;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.configuration.StateRecoveryOptions;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.legacy.SinkFunction;
import org.apache.flink.util.ExceptionUtils;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A student is taught in a cluster of this process; what teaches it is a script. */
@Timeout(120)
@SuppressWarnings("deprecation") // sinks without state
class CompressSourceTest {

  private static final List<Verdict> VERDICTS = new CopyOnWriteArrayList<>();
  private static final AtomicInteger CHECKPOINTS = new AtomicInteger();

  private static volatile Script script;

  @TempDir Path checkpoints;

  /** Chooses other samples each time it is asked; what it does with them is the test's. */
  private static final class Script implements Teaching {
    private final Lesson lesson;
    private final AtomicInteger choices = new AtomicInteger();
    private final List<List<Origin>> taught = new CopyOnWriteArrayList<>();
    private final AtomicInteger closed = new AtomicInteger();

    Script(Lesson lesson) {
      this.lesson = lesson;
    }

    @Override
    public List<Origin> choose() {
      int choice = choices.incrementAndGet();
      return List.of(new Origin("samples", 0, choice), new Origin("samples", 1, 1L << 40));
    }

    @Override
    public Verdict teach(List<Origin> chosen, Progress progress) throws Exception {
      taught.add(chosen);
      lesson.teach(taught.size(), progress);
      return new Verdict(
          null, "base", 1, "id", null, true, List.of(), 2, 0, 0, List.of(), Kind.BASE);
    }
  }

  /** What happens in the n-th attempt. */
  private interface Lesson {
    void teach(int attempt, Teaching.Progress progress) throws Exception;
  }

  @BeforeEach
  void forgetTheTestBefore() {
    VERDICTS.clear();
    CHECKPOINTS.set(0);
  }

  @Test
  void teach_failsOnceItsChoiceIsKept_teachesTheSameAndEndsWithOneVerdict() throws Exception {
    JobClient job =
        start(
            (attempt, progress) -> {
              if (attempt == 1) {
                progress.awaitKept();
                throw new IllegalStateException("fails because the test says so");
              }
            },
            new Configuration());
    job.getJobExecutionResult().get();
    assertEquals(1, script.choices.get());
    assertEquals(2, script.taught.size());
    assertEquals(script.taught.get(0), script.taught.get(1));
    assertEquals(1, VERDICTS.size());
    assertEquals(2, script.closed.get());
  }

  @Test
  void teach_stoppedWithASavepoint_goesOnFromThere() throws Exception {
    JobClient job = start((attempt, progress) -> teachForEver(progress), new Configuration());
    await(job, () -> script.taught.size() == 1);
    await(job, () -> CHECKPOINTS.get() > 0); // before, Flink may not know yet that it runs
    List<Origin> chosen = script.taught.get(0);
    String savepoint =
        job.stopWithSavepoint(false, checkpoints.toUri().toString(), SavepointFormatType.CANONICAL)
            .get();
    assertEquals(1, script.closed.get());
    Configuration from = new Configuration();
    from.set(StateRecoveryOptions.SAVEPOINT_PATH, savepoint);
    start((attempt, progress) -> {}, from).getJobExecutionResult().get();
    assertEquals(List.of(chosen), script.taught);
    assertEquals(0, script.choices.get());
    assertEquals(1, VERDICTS.size());
  }

  @Test
  void teach_cannotBeDone_failsAtOnceAndForGood() throws Exception {
    JobClient job =
        start(
            (attempt, progress) -> {
              throw new IllegalArgumentException("3 texts, expected 4");
            },
            new Configuration());
    ExecutionException failure =
        assertThrows(ExecutionException.class, () -> job.getJobExecutionResult().get());
    assertTrue(
        ExceptionUtils.findThrowableWithMessage(failure, "3 texts, expected 4").isPresent(),
        failure::toString);
    assertEquals(1, script.taught.size());
    assertEquals(1, script.closed.get());
  }

  @Test
  void asked_whileAnswersAreComputedInTheProcess_pauses() throws Exception {
    AtomicBoolean answered = new AtomicBoolean();
    Foreground.Answerer answerer = Foreground.ofProcess().answerer();
    answerer.computing(true);
    try {
      Lesson lesson =
          (attempt, progress) -> {
            progress.asked();
            if (!answered.get()) {
              throw new IllegalArgumentException("asked on while an answer was computed");
            }
          };
      JobClient job = start(lesson, new Configuration(), new Courtesy(60_000, 0));
      await(job, () -> script.taught.size() == 1);
      answered.set(true);
      answerer.computing(false);
      job.getJobExecutionResult().get();
    } finally {
      answerer.computing(false);
    }
    assertEquals(1, VERDICTS.size());
  }

  @Test
  void cancel_whileItTeaches_endsBetweenTwoSteps() throws Exception {
    JobClient job = start((attempt, progress) -> teachForEver(progress), new Configuration());
    await(job, () -> script.taught.size() == 1);
    job.cancel().get();
    while (script.closed.get() == 0) {
      Thread.sleep(5);
    }
    assertEquals(List.of(), VERDICTS);
  }

  @Test
  void serializer_manyPlaces_roundTrips() throws Exception {
    List<Origin> places = new ArrayList<>();
    for (int i = 0; i < 1_000; i++) {
      places.add(new Origin("millrace.samples", i % 3, i * 5_000_000_000L));
    }
    ChosenSerializer serializer = new ChosenSerializer();
    for (List<Origin> some : List.of(List.<Origin>of(), places)) {
      byte[] bytes = serializer.serialize(new Chosen(some));
      assertEquals(some, serializer.deserialize(serializer.getVersion(), bytes).places());
    }
  }

  private static void teachForEver(Teaching.Progress progress) throws InterruptedException {
    for (long step = 1; ; step++) {
      progress.stepped(step, 1);
      Thread.sleep(5);
    }
  }

  private JobClient start(Lesson lesson, Configuration config) throws Exception {
    return start(lesson, config, new Courtesy(0, 0));
  }

  private JobClient start(Lesson lesson, Configuration config, Courtesy courtesy) throws Exception {
    script = new Script(lesson);
    config.set(RestartStrategyOptions.RESTART_STRATEGY, "fixed-delay");
    config.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_ATTEMPTS, 3);
    config.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_DELAY, Duration.ofMillis(10));
    config.set(CheckpointingOptions.CHECKPOINTS_DIRECTORY, checkpoints.toUri().toString());
    StreamExecutionEnvironment env = StreamExecutionEnvironment.createLocalEnvironment(1, config);
    env.enableCheckpointing(50);
    env.fromSource(
            new CompressSource(
                subtask -> new Opened<>(script, () -> script.closed.incrementAndGet()), courtesy),
            WatermarkStrategy.noWatermarks(),
            "compress",
            TypeInformation.of(Verdict.class))
        .uid("compress")
        .addSink(new Noted())
        .uid("noted");
    return env.executeAsync("compress");
  }

  /** Keeps verdicts, and counts the checkpoints that are complete. */
  private static final class Noted implements SinkFunction<Verdict>, CheckpointListener {

    @Override
    public void invoke(Verdict verdict, Context context) {
      VERDICTS.add(verdict);
    }

    @Override
    public void notifyCheckpointComplete(long checkpoint) {
      CHECKPOINTS.incrementAndGet();
    }
  }
}
