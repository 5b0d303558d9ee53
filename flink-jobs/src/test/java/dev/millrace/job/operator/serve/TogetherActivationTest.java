package dev.millrace.job.operator.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.millrace.job.StreamRecords;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.config.SemanticConfig;
import dev.millrace.job.config.ServeConfig;
import dev.millrace.job.config.ServeConfig.WhenFull;
import dev.millrace.job.operator.KeyedAnswer;
import dev.millrace.job.operator.KeyedRequest;
import dev.millrace.job.operator.Opened;
import dev.millrace.job.operator.Outputs;
import dev.millrace.job.operator.Streams;
import dev.millrace.schema.Rejection;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.legacy.SinkFunction;
import org.apache.flink.streaming.api.functions.source.legacy.SourceFunction;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Two subtasks of the real Flink and their coordinator; what they stage is made up. */
@Timeout(300)
@SuppressWarnings("deprecation") // the new sources take far more than a list to read
class TogetherActivationTest {

  private static final SemanticConfig NONE = MillraceConfig.defaults().serve().semantic();

  private static final int FREE = 1000;

  /** The job runs in this process: it finds these here. */
  private static final List<ReleaseEvent> EVENTS = new CopyOnWriteArrayList<>();

  private static final List<Rejection> REJECTED = new CopyOnWriteArrayList<>();
  private static final List<String> TOLD = new CopyOnWriteArrayList<>();
  private static volatile List<FakeServing> servings = List.of();

  /** What the topic holds when a subtask begins. */
  private static volatile Beginning beginning = List::of;

  private static volatile boolean fails;
  private static volatile int opened;

  /** A checkpoint was begun: Flink knows that all tasks run, and begins none before. */
  private static volatile boolean runs;

  @TempDir private Path checkpoints;
  private @Nullable JobClient job;

  @BeforeEach
  void begin() {
    EVENTS.clear();
    REJECTED.clear();
    TOLD.clear();
    beginning = List::of;
    fails = false;
    opened = 0;
    runs = false;
  }

  @AfterEach
  void end() throws Exception {
    if (job != null) {
      job.cancel().get();
      assertThrows(ExecutionException.class, job.getJobExecutionResult()::get);
    }
  }

  @Test
  void allCanStage_allSwitchAndAnEventSaysSo() throws Exception {
    start(new FakeServing(FREE), new FakeServing(FREE), 60_000);
    CompletableFuture<Void> until = new CompletableFuture<>();
    servings.get(1).hold("first", until);
    publish("first", Action.PUBLISH);
    publish("second", Action.PUBLISH);
    awaitStaging(0, "first");
    assertEquals(List.of(), servings.get(0).switched(), "it waits for the other");
    until.complete(null);
    await(() -> switched(0).size() == 2 && switched(1).size() == 2);
    assertEquals(List.of("first", "second"), switched(0));
    assertEquals(List.of("first", "second"), switched(1));
    assertEquals(List.of(), REJECTED);
    await(() -> TOLD.size() == 2);
    assertEquals(List.of("ReleaseSwitched first", "ReleaseSwitched second"), TOLD);
  }

  @Test
  void oneCannotStage_noneSwitchesTheOldOneServesOnAndAnEventSaysWhy() throws Exception {
    start(new FakeServing(FREE), new FakeServing(FREE, "broken"), 60_000);
    publish("first", Action.PUBLISH);
    publish("broken", Action.PUBLISH);
    publish("third", Action.PUBLISH);
    await(() -> switched(0).size() == 2 && switched(1).size() == 2);
    assertEquals(List.of("first", "third"), switched(0));
    assertEquals(List.of("first", "third"), switched(1));
    await(() -> REJECTED.size() == 1);
    assertEquals("broken", REJECTED.get(0).id());
    assertEquals("not-together", REJECTED.get(0).reason());
    assertEquals(
        "not-together: subtask 1: digest-mismatch: 1, expected 2", REJECTED.get(0).detail());
    await(() -> TOLD.size() == 3);
    assertEquals("ReleaseNotSwitched broken", TOLD.get(1));
  }

  @Test
  void oneIsLate_noneSwitchesAndTheNextIsNotHeldUp() throws Exception {
    start(new FakeServing(FREE), new FakeServing(FREE), 10_000);
    CompletableFuture<Void> never = new CompletableFuture<>();
    publish("first", Action.PUBLISH);
    await(() -> switched(0).size() == 1 && switched(1).size() == 1);
    servings.get(0).hold("late", never);
    publish("late", Action.PUBLISH);
    await(() -> REJECTED.size() == 1);
    assertEquals("not-together: no word of subtask 0 in time", REJECTED.get(0).detail());
    never.complete(null);
    publish("third", Action.PUBLISH);
    await(() -> switched(0).size() == 2 && switched(1).size() == 2);
    assertEquals(List.of("first", "third"), switched(0));
    assertEquals(List.of("first", "third"), switched(1));
  }

  @Test
  void restartInBetween_isVotedOnAnewAndAllSwitch() throws Exception {
    start(new FakeServing(FREE), new FakeServing(FREE), 60_000);
    publish("first", Action.PUBLISH);
    await(() -> switched(0).size() == 1 && switched(1).size() == 1);
    CompletableFuture<Void> until = new CompletableFuture<>();
    servings.get(1).hold("second", until);
    publish("second", Action.PUBLISH);
    awaitStaging(0, "second");
    int before = opened;
    fails = true;
    await(() -> opened >= before + 2);
    assertFalse(switched(0).contains("second"), "the other has not staged it");
    until.complete(null);
    await(() -> switched(0).contains("second") && switched(1).contains("second"));
    assertEquals("second", switched(0).get(switched(0).size() - 1));
    assertEquals("second", switched(1).get(switched(1).size() - 1));
    assertEquals(List.of(), REJECTED);
  }

  @Test
  void beginsWithoutState_oneHadReadFurther_allBeginWhereTheOtherDidAndGoOnTogether()
      throws Exception {
    publish("first", Action.PUBLISH);
    publish("second", Action.PUBLISH);
    publish("third", Action.PUBLISH);
    AtomicInteger reads = new AtomicInteger();
    beginning = () -> EVENTS.subList(0, Math.min(3, 1 + reads.incrementAndGet()));
    start(new FakeServing(FREE), new FakeServing(FREE), 60_000);
    await(() -> switched(0).contains("third") && switched(1).contains("third"));
    assertEquals(switched(0), switched(1));
    assertFalse(switched(0).contains("first"), switched(0)::toString);
    publish("fourth", Action.PUBLISH);
    await(() -> switched(0).contains("fourth") && switched(1).contains("fourth"));
    assertEquals(List.of(), REJECTED);
  }

  /** The base would answer in its place where it stayed out. */
  @Test
  void oneCannotReadADomainsFirst_allSwitchAndItSaysSo() throws Exception {
    start(new FakeServing(FREE), new FakeServing(FREE), 60_000);
    servings.get(1).lose("first", "release-unreadable: the store is away");
    publish("first", Action.PUBLISH);
    await(() -> switched(0).size() == 1 && switched(1).size() == 1);
    await(() -> REJECTED.size() == 1);
    assertEquals("release-unreadable", REJECTED.get(0).reason());
  }

  @Test
  void takenBack_eachObeysAtOnce() throws Exception {
    start(new FakeServing(FREE), new FakeServing(FREE), 60_000);
    publish("first", Action.PUBLISH);
    publish("second", Action.PUBLISH);
    publish("first", Action.ROLLBACK);
    await(() -> switched(0).size() == 3 && switched(1).size() == 3);
    assertEquals(List.of("first", "second", "first"), switched(1));
    assertEquals(2, TOLD.size());
  }

  @Test
  void topicIsMadeAnew_placesThatWereDecidedAreVotedOnAgain() throws Exception {
    start(new FakeServing(FREE), new FakeServing(FREE, "broken"), 60_000);
    publish("first", Action.PUBLISH);
    publish("broken", Action.PUBLISH);
    await(() -> REJECTED.size() == 1);
    publish("second", Action.PUBLISH, 0);
    publish("broken", Action.PUBLISH, 1);
    await(() -> REJECTED.size() == 2);
    publish("first", Action.PUBLISH, 0);
    publish("first", Action.ROLLBACK, 1);
    await(() -> switched(0).size() == 4 && switched(1).size() == 4);
    assertEquals(List.of("first", "second", "first", "first"), switched(0));
    assertEquals(List.of("first", "second", "first", "first"), switched(1));
  }

  @Test
  void drainedWhileNothingIsDecided_doesNotWaitForTheDecision() throws Exception {
    start(new FakeServing(FREE), new FakeServing(FREE), 3_600_000);
    servings.get(1).hold("first", new CompletableFuture<>());
    publish("first", Action.PUBLISH);
    awaitStaging(0, "first");
    awaitStaging(1, "first");
    job.stopWithSavepoint(true, checkpoints.toUri().toString(), SavepointFormatType.CANONICAL)
        .get();
    job = null;
    assertEquals(List.of(), switched(0));
  }

  private static List<String> switched(int subtask) {
    return servings.get(subtask).switched();
  }

  private void start(FakeServing first, FakeServing second, long millis) throws Exception {
    servings = List.of(first, second);
    Configuration config = new Configuration();
    config.set(RestartStrategyOptions.RESTART_STRATEGY, "fixed-delay");
    config.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_ATTEMPTS, 3);
    config.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_DELAY, Duration.ofMillis(10));
    config.set(CheckpointingOptions.CHECKPOINTS_DIRECTORY, checkpoints.toUri().toString());
    config.setString("events.reporters", "test");
    config.setString("events.reporter.test.factory.class", EventsOfTests.class.getName());
    StreamExecutionEnvironment env = StreamExecutionEnvironment.createLocalEnvironment(2, config);
    env.enableCheckpointing(50);
    var requests =
        env.addSource(new Listed<>(KeyedRequest.class, false), "requests")
            .returns(KeyedRequest.class)
            .rebalance();
    var releases =
        env.addSource(new Listed<>(ReleaseEvent.class, true), "releases")
            .returns(ReleaseEvent.class)
            .broadcast();
    ServeConfig serve =
        new ServeConfig(
            3, 6, 0.5, WhenFull.REFUSE, 0, 0, 1, ServeConfig.Activation.TOGETHER, millis, NONE);
    var answers =
        requests
            .connect(releases)
            .transform(
                "serve",
                TypeInformation.of(KeyedAnswer.class),
                ServeOperatorFactory.of(
                    TogetherActivationTest::open, serve, () -> beginning.read()));
    answers.getSideOutput(Outputs.REJECTED).addSink(new Noted()).setParallelism(1);
    job = env.executeAsync("together");
    await(() -> runs);
  }

  private static Opened<Serving> open(int subtask) throws Exception {
    Opened<Serving> serving = servings.get(subtask).opener().open(subtask);
    count();
    return serving;
  }

  private static synchronized void count() {
    opened++;
  }

  private static void publish(String release, Action action) {
    publish(release, action, EVENTS.size());
  }

  private static void publish(String release, Action action, int offset) {
    EVENTS.add(StreamRecords.event("cloud", action, release, offset, offset));
  }

  private void awaitStaging(int subtask, String release) throws Exception {
    await(() -> servings.get(subtask).staged().contains(release));
  }

  private void await(BooleanSupplier holds) throws Exception {
    Streams.await(job, holds);
  }

  /** The events that are published, one after the other, or nothing; never ends. */
  private static final class Listed<T> implements SourceFunction<T>, CheckpointedFunction {

    private final Class<T> type;
    private final boolean published;
    private volatile boolean ends;
    private int next;
    private transient ListState<Integer> position;

    Listed(Class<T> type, boolean published) {
      this.type = type;
      this.published = published;
    }

    @Override
    public void run(SourceContext<T> context) throws Exception {
      while (!ends) {
        synchronized (context.getCheckpointLock()) {
          if (published && fails) {
            fails = false;
            throw new IllegalStateException("fails because the test says so");
          }
          while (published && next < EVENTS.size()) {
            context.collect(type.cast(EVENTS.get(next++)));
          }
        }
        Thread.sleep(2);
      }
    }

    @Override
    public void cancel() {
      ends = true;
    }

    @Override
    public void snapshotState(FunctionSnapshotContext context) throws Exception {
      position.update(List.of(next));
      runs = true;
    }

    @Override
    public void initializeState(FunctionInitializationContext context) throws Exception {
      position =
          context
              .getOperatorStateStore()
              .getListState(new ListStateDescriptor<>("position", Types.INT));
      for (int restored : position.get()) {
        next = restored;
      }
    }
  }

  private static final class Noted implements SinkFunction<Rejection> {
    @Override
    public void invoke(Rejection rejection, Context context) {
      REJECTED.add(rejection);
    }
  }

  /** What was told by events of Flink's. */
  static void told(String name, String release) {
    TOLD.add(name + " " + release);
  }
}
