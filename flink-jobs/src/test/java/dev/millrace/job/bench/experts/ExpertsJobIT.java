package dev.millrace.job.bench.experts;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.bench.experts.SplitPlan.Copying;
import dev.millrace.model.djl.ExpertLayers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.api.common.serialization.SerializerConfigImpl;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.runtime.executiongraph.AccessExecutionJobVertex;
import org.apache.flink.runtime.executiongraph.AccessExecutionVertex;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.streaming.util.TestStreamEnvironment;
import org.apache.flink.util.CloseableIterator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Two task managers with half of a layer's experts each. */
@Timeout(120)
class ExpertsJobIT {

  private static final int BATCHES = 24;

  /** Of a record in a stream: its length, and what kind of element it is. */
  private static final int ENVELOPE = 5;

  /** Bytes of what Flink itself says between tasks, such as that a stream has ended. */
  private static final int EVENTS = 1_000;

  /** The job runs in this process: it leaves word here of where each batch began. */
  private static final Map<Long, Integer> ORIGINS = new ConcurrentHashMap<>();

  /** Batches that fail when they begin, once each. */
  private static final Map<Long, Boolean> FAILING = new ConcurrentHashMap<>();

  private static MiniCluster cluster;
  @TempDir static Path folder;

  @BeforeAll
  static void start() throws Exception {
    Configuration configuration = new Configuration();
    CrossedBytes.countIn(configuration);
    cluster =
        new MiniCluster(
            new MiniClusterConfiguration.Builder()
                .setConfiguration(configuration)
                .setNumTaskManagers(2)
                .setNumSlotsPerTaskManager(1)
                .build());
    cluster.start();
  }

  @AfterAll
  static void stop() throws Exception {
    cluster.close();
  }

  /** Says where each batch begins, slowly enough for a job to be disturbed. */
  private static final class Watched extends RichMapFunction<Long, HiddenBatch> {
    private final StoredRows rows;
    private final long pauseMillis;

    Watched(Path file, long pauseMillis) {
      this.rows = new StoredRows(file);
      this.pauseMillis = pauseMillis;
    }

    @Override
    public void open(OpenContext context) throws Exception {
      rows.open(context);
    }

    @Override
    public HiddenBatch map(Long batch) throws Exception {
      Thread.sleep(pauseMillis);
      ORIGINS.put(batch, getRuntimeContext().getTaskInfo().getIndexOfThisSubtask());
      if (FAILING.remove(batch) != null) {
        throw new IllegalStateException("batch " + batch + " was told to fail");
      }
      return rows.map(batch);
    }

    @Override
    public void close() throws Exception {
      rows.close();
    }
  }

  static Stream<SplitPlan> plans() throws Exception {
    Path olmoe = OneProcess.GOLDEN.resolve("olmoe-tiny");
    Path deepseek = OneProcess.GOLDEN.resolve("deepseek-v3-tiny");
    return Stream.of(
        SplitPlan.of(olmoe, 0, 2, 2, 2, Copying.EACH_GROUP),
        SplitPlan.of(olmoe, 2, 2, 1, 2, Copying.EACH_EXPERT),
        SplitPlan.of(olmoe, 1, 2, 2, 1, Copying.EACH_GROUP),
        SplitPlan.of(deepseek, 2, 2, 4, 2, Copying.EACH_GROUP));
  }

  @ParameterizedTest
  @MethodSource("plans")
  void build_twoTaskManagers_giveWhatOneProcessDoesAndCrossWhatIsCounted(SplitPlan plan)
      throws Exception {
    List<float[]> rows = rows(plan);
    Path file = folder.resolve("rows" + System.nanoTime());
    StoredRows.write(file, rows, rows.get(0).length / 3);
    CrossedBytes.forget();
    TestStreamEnvironment env = environment(0);
    var answers = ExpertsJob.build(env, plan, BATCHES, new Watched(file, 0)).collectAsync();
    JobClient job = env.executeAsync("experts");
    Map<Long, float[]> got = all(answers);
    long copies = job.getJobExecutionResult().get().getAccumulatorResult(ExpertsJob.COPIES);
    long crossed = assertOnlyTheTwoLevelsCross();
    assertGroupsApart(job.getJobID());
    long expected = 0;
    long counted = 0;
    try (OneProcess one = new OneProcess(plan)) {
      for (long batch = 0; batch < BATCHES; batch++) {
        float[] of = rows.get((int) batch);
        assertArrayEquals(one.run(new HiddenBatch(batch, of)), got.get(batch), "batch " + batch);
        int origin = ORIGINS.get(batch);
        for (Copies some : one.deal(new HiddenBatch(batch, of), origin)) {
          if (some.group() != origin) {
            expected += bytes(Copies.class, some) + bytes(Sums.class, one.sums(some));
            counted += some.keys().length;
          }
        }
      }
    }
    assertEquals(counted, copies);
    assertEquals((double) expected, (double) crossed, EVENTS, "bytes that crossed");
  }

  /**
   * What crosses between parts of a group, or to where it is taken apart or together, is memory.
   */
  private static long assertOnlyTheTwoLevelsCross() {
    Map<String, Long> byTask = CrossedBytes.byTask();
    long crossed = 0;
    for (Map.Entry<String, Long> task : byTask.entrySet()) {
      if (task.getKey().startsWith("deal") || task.getKey().startsWith("add")) {
        crossed += task.getValue();
      } else if (!task.getKey().contains("ollect")) { // where the test takes what comes
        assertEquals(0, task.getValue(), byTask::toString);
      }
    }
    assertTrue(byTask.keySet().stream().anyMatch(t -> t.startsWith("experts")), byTask::toString);
    return crossed;
  }

  /** Every task of a group runs in one task manager, and no two groups in the same. */
  private static void assertGroupsApart(JobID job) throws Exception {
    Map<Integer, String> places = new HashMap<>();
    for (AccessExecutionJobVertex vertex :
        cluster.getExecutionGraph(job).get().getVerticesTopologically()) {
      AccessExecutionVertex[] subtasks = vertex.getTaskVertices();
      for (int group = 0; subtasks.length == 2 && group < 2; group++) {
        String place =
            subtasks[group].getCurrentAssignedResourceLocation().getResourceID().toString();
        assertEquals(places.computeIfAbsent(group, g -> place), place, vertex.getName());
      }
    }
    assertEquals(2, places.size());
    assertNotEquals(places.get(0), places.get(1));
  }

  @Test
  void build_aFailureAndALostTaskManager_eachBatchOnceAndTheSame() throws Exception {
    SplitPlan plan = plans().findFirst().orElseThrow();
    List<float[]> rows = rows(plan);
    Path file = folder.resolve("rows" + System.nanoTime());
    StoredRows.write(file, rows, rows.get(0).length / 3);
    int batches = 10 * BATCHES;
    FAILING.put((long) batches / 3, true);
    TestStreamEnvironment env = environment(20);
    var answers = ExpertsJob.build(env, plan, batches, new Watched(file, 15)).collectAsync();
    JobClient job = env.executeAsync("experts");
    Map<Long, float[]> got = new TreeMap<>();
    try (answers) {
      while (answers.hasNext()) {
        HiddenBatch next = answers.next();
        assertNull(got.put(next.batch(), next.rows()), "batch " + next.batch());
        if (got.size() == batches / 4) {
          cluster.terminateTaskManager(1).get();
          cluster.startTaskManager();
        }
      }
    }
    job.getJobExecutionResult().get();
    assertEquals(batches, got.size());
    assertEquals(Map.of(), FAILING);
    try (OneProcess one = new OneProcess(plan)) {
      got.forEach(
          (batch, of) ->
              assertArrayEquals(
                  one.run(new HiddenBatch(batch, rows.get((int) (batch % BATCHES)))),
                  of,
                  "batch " + batch));
    }
  }

  private static Map<Long, float[]> all(CloseableIterator<HiddenBatch> answers) throws Exception {
    Map<Long, float[]> got = new TreeMap<>();
    try (answers) {
      answers.forEachRemaining(
          next -> assertNull(got.put(next.batch(), next.rows()), "batch " + next.batch()));
    }
    assertEquals(BATCHES, got.size());
    return got;
  }

  /** What the layer reads of texts of three tokens. */
  private static List<float[]> rows(SplitPlan plan) throws Exception {
    SplittableRandom random = new SplittableRandom(11);
    List<int[]> texts =
        Stream.generate(() -> random.ints(3, 0, 90).toArray()).limit(BATCHES).toList();
    return ExpertLayers.inputs(Path.of(plan.folder()), plan.layer(), texts);
  }

  private static <T> int bytes(Class<T> type, T record) throws Exception {
    DataOutputSerializer out = new DataOutputSerializer(1 << 12);
    TypeInformation.of(type).createSerializer(new SerializerConfigImpl()).serialize(record, out);
    return out.length() + ENVELOPE;
  }

  private static TestStreamEnvironment environment(long checkpointMillis) {
    TestStreamEnvironment env = new TestStreamEnvironment(cluster, 2);
    Configuration flink = new Configuration();
    flink.set(PipelineOptions.GENERIC_TYPES, false);
    flink.set(RestartStrategyOptions.RESTART_STRATEGY, "fixed-delay");
    flink.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_ATTEMPTS, 20);
    flink.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_DELAY, Duration.ofMillis(100));
    env.configure(flink);
    env.setBufferTimeout(0);
    if (checkpointMillis > 0) {
      env.enableCheckpointing(checkpointMillis);
    }
    return env;
  }
}
