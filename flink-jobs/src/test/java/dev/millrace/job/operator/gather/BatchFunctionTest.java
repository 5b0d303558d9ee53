package dev.millrace.job.operator.gather;

import static dev.millrace.job.operator.Streams.opened;
import static dev.millrace.job.operator.Streams.restored;
import static dev.millrace.job.operator.Streams.scored;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.adapter.batch.BatchPolicy;
import dev.millrace.adapter.batch.OpenBatch;
import dev.millrace.job.operator.DomainKey;
import dev.millrace.job.operator.GoldenState;
import dev.millrace.job.operator.SharedSerializer;
import dev.millrace.schema.ScoredSample;
import dev.millrace.schema.TrainingBatch;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.LongStream;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.State;
import org.apache.flink.api.common.state.StateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.clusterframework.types.ResourceID;
import org.apache.flink.runtime.executiongraph.ExecutionAttemptID;
import org.apache.flink.runtime.io.network.partition.MockResultPartitionWriter;
import org.apache.flink.runtime.metrics.MetricRegistry;
import org.apache.flink.runtime.metrics.groups.TaskManagerMetricGroup;
import org.apache.flink.runtime.metrics.groups.TaskMetricGroup;
import org.apache.flink.runtime.metrics.util.TestingMetricRegistry;
import org.apache.flink.runtime.operators.testutils.MockEnvironment;
import org.apache.flink.runtime.operators.testutils.MockEnvironmentBuilder;
import org.apache.flink.runtime.state.KeyedStateBackend;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.state.rocksdb.EmbeddedRocksDBStateBackend;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.util.KeyedOneInputStreamOperatorTestHarness;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BatchFunctionTest {

  private static final BatchPolicy POLICY = new BatchPolicy(3, 100, 10, 0);
  private static final BatchPolicy IDLE = new BatchPolicy(3, 100, 10, 50);

  @Test
  void processElement_countReached_closesTheBatch() throws Exception {
    try (var harness = opened(harness())) {
      for (int i = 0; i < 7; i++) {
        harness.processElement(scored("cloud", i, 0), 0);
      }
      assertEquals(List.of("0: 0 1 2", "1: 3 4 5"), batches(harness));
    }
  }

  @Test
  void processWatermark_quietDomain_closesAtItsSpan() throws Exception {
    try (var harness = opened(harness())) {
      harness.processElement(scored("cloud", 0, 1_000), 1_000);
      harness.processWatermark(1_099);
      assertEquals(List.of(), batches(harness));
      harness.processWatermark(1_100);
      assertEquals(List.of("0: 0"), batches(harness));
    }
  }

  @Test
  void processWatermark_lateSamples_gatherForASpanToo() throws Exception {
    try (var harness = opened(harness())) {
      harness.processWatermark(5_000);
      harness.processElement(scored("cloud", 0, 1_000), 1_000);
      harness.processWatermark(5_050);
      harness.processElement(scored("cloud", 1, 1_001), 1_001);
      harness.processWatermark(5_100);
      assertEquals(List.of("0: 0 1"), batches(harness));
    }
  }

  /** Each was a batch of one, and a lesson, where late and punctual samples came by turns. */
  @Test
  void processElement_punctualSampleBehindALateOne_gathersWithIt() throws Exception {
    try (var harness = opened(harness())) {
      harness.processWatermark(5_000);
      harness.processElement(scored("cloud", 0, 1_000), 1_000);
      harness.processElement(scored("cloud", 1, 5_050), 5_050);
      assertEquals(List.of(), batches(harness));
      harness.processElement(scored("cloud", 2, 5_100), 5_100);
      assertEquals(List.of("0: 0 1"), batches(harness));
    }
  }

  @Test
  void processWatermark_timerOfTheBatchBefore_leavesLateSamplesTheirSpan() throws Exception {
    try (var harness = opened(harness())) {
      harness.processWatermark(5_000);
      for (int i = 0; i < 3; i++) {
        harness.processElement(scored("cloud", i, 1_000), 1_000);
      }
      harness.processWatermark(5_050);
      harness.processElement(scored("cloud", 3, 1_000), 1_000);
      harness.processWatermark(5_149);
      assertEquals(List.of("0: 0 1 2"), batches(harness));
      harness.processWatermark(5_150);
      assertEquals(List.of("0: 0 1 2", "1: 3"), batches(harness));
    }
  }

  /** Flink drops the last watermark of a source that was idle before it ended. */
  @Test
  void endInput_withoutALastWatermark_closesWhatIsOpen() throws Exception {
    try (var harness = opened(harness())) {
      harness.processElement(scored("cloud", 0, 1_000), 1_000);
      harness.processElement(scored("health", 1, 1_000), 1_000);
      harness.endInput();
      assertEquals(List.of("0: 0", "0: 1"), batches(harness));
    }
  }

  @Test
  void endInput_samplesAfterTheLastWatermark_areABatchToo() throws Exception {
    try (var harness = opened(harness())) {
      harness.processWatermark(Watermark.MAX_WATERMARK);
      harness.processElement(scored("cloud", 0, 1_000), 1_000);
      harness.endInput();
      assertEquals(List.of("0: 0"), batches(harness));
    }
  }

  @Test
  void processElement_judgesBeyondItsBound_keepsTheLatest() throws Exception {
    try (var harness = opened(harness())) {
      for (int i = 0; i < 47; i++) {
        harness.processElement(heldOut("cloud", i), 0);
      }
      harness.processElement(scored("cloud", 47, 0), 0);
      harness.endInput();
      List<ScoredSample> judging = harness.extractOutputValues().get(0).heldOut();
      assertEquals(
          LongStream.range(37, 47).boxed().toList(),
          judging.stream().map(one -> one.sample().origin().offset()).toList());
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void processElement_manyWait_costsNoMoreThanWhereFewDo(boolean judging) throws Exception {
    BatchPolicy policy = new BatchPolicy(2_000, Long.MAX_VALUE, 2_000, 0);
    try (var harness = new Harness(policy)) {
      harness.setStateBackend(new EmbeddedRocksDBStateBackend());
      harness.setup();
      harness.open();
      long few = allocated(harness, judging, 0, 100);
      long unused = allocated(harness, judging, 100, 1_000);
      long many = allocated(harness, judging, 1_000, 1_100);
      assertTrue(many < 3 * few, many + " bytes, expected less than thrice " + few);
    }
  }

  /** Bytes that this thread takes while such samples come. */
  private static long allocated(Harness harness, boolean judging, int from, int to)
      throws Exception {
    var thread = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = thread.getCurrentThreadAllocatedBytes();
    for (int i = from; i < to; i++) {
      harness.processElement(judging ? heldOut("cloud", i) : scored("cloud", i, 0), 0);
    }
    return thread.getCurrentThreadAllocatedBytes() - before;
  }

  @Test
  void restore_inTheMiddleOfABatch_goesOnAsIfNothingHappened() throws Exception {
    OperatorSubtaskState snapshot;
    try (var harness = opened(harness())) {
      harness.processElement(scored("cloud", 0, 0), 0);
      harness.processElement(scored("health", 1, 0), 0);
      harness.processElement(scored("cloud", 2, 0), 0);
      snapshot = harness.snapshot(1, 1);
    }
    try (var harness = restored(harness(), snapshot)) {
      harness.processElement(scored("cloud", 3, 0), 0);
      assertEquals(List.of("0: 0 2 3"), batches(harness));
      harness.processWatermark(Watermark.MAX_WATERMARK);
      assertEquals(List.of("0: 0 2 3", "0: 1"), batches(harness));
    }
  }

  @Test
  void processingTime_domainIsSilent_closesItsBatchAsItIs() throws Exception {
    try (var harness = opened(harness(IDLE))) {
      harness.setProcessingTime(1_000);
      harness.processElement(scored("cloud", 0, 0), 0);
      harness.setProcessingTime(1_030);
      harness.processElement(scored("health", 1, 0), 0);
      harness.setProcessingTime(1_049);
      assertEquals(List.of(), batches(harness));
      harness.setProcessingTime(1_050);
      assertEquals(List.of("0: 0"), batches(harness));
      harness.setProcessingTime(1_080);
      assertEquals(List.of("0: 0", "0: 1"), batches(harness));
      harness.processElement(scored("cloud", 2, 0), 0);
      harness.setProcessingTime(1_130);
      assertEquals(List.of("0: 0", "0: 1", "1: 2"), batches(harness));
    }
  }

  @Test
  void processingTime_samplesKeepComing_leavesTheBatchOpen() throws Exception {
    try (var harness = opened(harness(IDLE))) {
      harness.setProcessingTime(1_000);
      harness.processElement(scored("cloud", 0, 0), 0);
      harness.processElement(scored("health", 1, 0), 0);
      harness.setProcessingTime(1_040);
      harness.processElement(scored("cloud", 2, 0), 0);
      harness.setProcessingTime(1_089);
      assertEquals(List.of("0: 1"), batches(harness));
      harness.setProcessingTime(1_090);
      assertEquals(List.of("0: 1", "0: 0 2"), batches(harness));
    }
  }

  @Test
  void processingTime_batchBeforeWasFull_leavesTheNextItsWait() throws Exception {
    try (var harness = opened(harness(IDLE))) {
      harness.setProcessingTime(1_000);
      for (int i = 0; i < 3; i++) {
        harness.processElement(scored("cloud", i, 0), 0);
      }
      harness.setProcessingTime(1_040);
      harness.processElement(scored("cloud", 3, 0), 0);
      harness.setProcessingTime(1_089);
      assertEquals(List.of("0: 0 1 2"), batches(harness));
      harness.setProcessingTime(1_090);
      assertEquals(List.of("0: 0 1 2", "1: 3"), batches(harness));
      harness.setProcessingTime(9_000);
      harness.endInput();
      assertEquals(List.of("0: 0 1 2", "1: 3"), batches(harness));
    }
  }

  @Test
  void processWatermark_timerOfABatchThatClosedInSilence_leavesTheNextItsSpan() throws Exception {
    try (var harness = opened(harness(IDLE))) {
      harness.setProcessingTime(1_000);
      harness.processElement(scored("cloud", 0, 0), 0);
      harness.setProcessingTime(1_050);
      harness.processElement(scored("cloud", 1, 60), 60);
      harness.processWatermark(159);
      assertEquals(List.of("0: 0"), batches(harness));
      harness.processWatermark(160);
      assertEquals(List.of("0: 0", "1: 1"), batches(harness));
    }
  }

  @Test
  void processingTime_onlyWhatJudgesCame_waitsForWhatTeaches() throws Exception {
    try (var harness = opened(harness(IDLE))) {
      harness.setProcessingTime(1_000);
      harness.processElement(heldOut("cloud", 0), 0);
      harness.setProcessingTime(9_000);
      assertEquals(List.of(), batches(harness));
      harness.processElement(scored("cloud", 1, 0), 0);
      harness.setProcessingTime(9_050);
      assertEquals(List.of("0: 1"), batches(harness));
      assertEquals(1, harness.extractOutputValues().get(0).heldOut().size());
    }
  }

  @Test
  void processingTime_policyDoesNotSay_leavesTheBatchOpen() throws Exception {
    try (var harness =
        opened(harness(new BatchPolicy(3, 100, 10, BatchPolicy.defaults().idleMillis())))) {
      harness.setProcessingTime(1_000);
      harness.processElement(scored("cloud", 0, 0), 0);
      harness.setProcessingTime(Long.MAX_VALUE / 2);
      assertEquals(List.of(), batches(harness));
    }
  }

  /** What came while the job did not run is read only now; and state of before knows of no wait. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void restore_openBatch_waitsAnew(boolean waitedBefore) throws Exception {
    OperatorSubtaskState snapshot = openBatch(waitedBefore ? IDLE : POLICY);
    try (var harness = harness(IDLE)) {
      harness.initializeState(snapshot);
      harness.setProcessingTime(5_000);
      harness.open();
      harness.setProcessingTime(5_049);
      assertEquals(List.of(), batches(harness));
      harness.setProcessingTime(5_050);
      assertEquals(List.of("0: 0"), batches(harness));
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {40, 1_000})
  void restore_anotherSpan_closesWhatIsOpenByIt(long span) throws Exception {
    OperatorSubtaskState snapshot = openBatch(POLICY);
    try (var harness = restored(harness(new BatchPolicy(3, span, 10, 0)), snapshot)) {
      harness.processWatermark(span - 1);
      assertEquals(List.of(), batches(harness));
      harness.processWatermark(span);
      assertEquals(List.of("0: 0"), batches(harness));
    }
  }

  @Test
  void restore_openBatchOfLateSamples_leavesThemTheirSpan() throws Exception {
    OperatorSubtaskState snapshot;
    try (var harness = opened(harness())) {
      harness.processWatermark(5_000);
      harness.processElement(scored("cloud", 0, 1_000), 1_000);
      snapshot = harness.snapshot(1, 1);
    }
    try (var harness = restored(harness(), snapshot)) {
      harness.processWatermark(5_099);
      assertEquals(List.of(), batches(harness));
      harness.processWatermark(5_100);
      assertEquals(List.of("0: 0"), batches(harness));
    }
  }

  @Test
  void restore_policySaysNoMore_leavesTheBatchOpen() throws Exception {
    OperatorSubtaskState snapshot = openBatch(IDLE);
    try (var harness = restored(harness(), snapshot)) {
      harness.setProcessingTime(9_000);
      assertEquals(List.of(), batches(harness));
    }
  }

  @Test
  void restore_openBatches_showsHowManyGatherInEach() throws Exception {
    OperatorSubtaskState snapshot;
    try (var harness = opened(harness())) {
      for (int i = 0; i < 3; i++) {
        harness.processElement(scored("health", i, 0), 0);
      }
      harness.processElement(scored("cloud", 3, 0), 0);
      harness.processElement(scored("legal", 4, 0), 0);
      harness.processElement(scored("legal", 5, 0), 0);
      snapshot = harness.snapshot(1, 1);
    }
    Map<String, Gauge<?>> gathering = new HashMap<>();
    try (MockEnvironment environment = keeping(gathering);
        var harness =
            new KeyedOneInputStreamOperatorTestHarness<>(
                new BatchOperator(POLICY), DomainKey::of, Types.STRING, environment)) {
      harness.setup();
      harness.initializeState(snapshot);
      harness.open();
      assertEquals(Set.of("cloud", "legal"), gathering.keySet());
      assertEquals(1.0, gathering.get("cloud").getValue());
      assertEquals(2.0, gathering.get("legal").getValue());
    }
  }

  @Test
  void processElement_domainsOfTwoTenantsByOneName_showTheirOwn() throws Exception {
    Map<String, Gauge<?>> gathering = new HashMap<>();
    try (MockEnvironment environment = keeping(gathering);
        var harness =
            new KeyedOneInputStreamOperatorTestHarness<>(
                new BatchOperator(POLICY), DomainKey::of, Types.STRING, environment)) {
      harness.setup();
      harness.open();
      harness.processElement(ofTenant("acme", "cloud", 0), 0);
      harness.processElement(ofTenant("acme", "cloud", 1), 0);
      harness.processElement(scored("cloud", 2, 0), 0);
      assertEquals(Set.of("acme:cloud", "cloud"), gathering.keySet());
      assertEquals(2.0, gathering.get("acme:cloud").getValue());
      assertEquals(1.0, gathering.get("cloud").getValue());
    }
  }

  private static ScoredSample ofTenant(String tenant, String domain, long offset) {
    ScoredSample one = scored(domain, offset, 0);
    return new ScoredSample(one.sample().withTenant(tenant), one.tokens(), 1, 1, 1, false);
  }

  /** Keeps the gauges of what gathers, by domain. */
  private static MockEnvironment keeping(Map<String, Gauge<?>> gathering) {
    MetricRegistry registry =
        TestingMetricRegistry.builder()
            .setRegisterConsumer(
                (metric, name, group) -> {
                  if (name.equals(BatchOperator.GATHERING) && metric instanceof Gauge<?> gauge) {
                    gathering.put(group.getAllVariables().get("<domain>"), gauge);
                  }
                })
            .build();
    TaskMetricGroup task =
        TaskManagerMetricGroup.createTaskManagerMetricGroup(registry, "here", ResourceID.generate())
            .addJob(new JobID(), "learn")
            .addTask(ExecutionAttemptID.randomId(), "batch");
    return new MockEnvironmentBuilder().setMetricGroup(task).build();
  }

  private static OperatorSubtaskState openBatch(BatchPolicy policy) throws Exception {
    try (var harness = opened(harness(policy))) {
      harness.setProcessingTime(1_000);
      harness.processElement(scored("cloud", 0, 0), 0);
      for (int i = 1; i < 4; i++) {
        harness.processElement(scored("health", i, 0), 0);
      }
      harness.getOutput().clear();
      return harness.snapshot(1, 1);
    }
  }

  /** Samples may stand before a task that cannot go on: that is no silence. */
  @Test
  void processingTime_nothingMoreCanLeave_waitsOn() throws Exception {
    Held held = new Held();
    try (MockEnvironment environment = new MockEnvironmentBuilder().build()) {
      environment.addOutputs(List.of(held));
      try (var harness =
          new KeyedOneInputStreamOperatorTestHarness<>(
              new BatchOperator(IDLE), DomainKey::of, Types.STRING, environment)) {
        harness.setup();
        harness.open();
        harness.setProcessingTime(1_000);
        harness.processElement(scored("cloud", 0, 0), 0);
        held.up = true;
        harness.setProcessingTime(1_050);
        held.up = false;
        harness.processElement(scored("cloud", 1, 0), 0);
        harness.setProcessingTime(1_099);
        assertEquals(List.of(), batches(harness));
        harness.setProcessingTime(1_100);
        assertEquals(List.of("0: 0 1"), batches(harness));
      }
    }
  }

  /** What comes after, which takes nothing while it is held up. */
  private static final class Held extends MockResultPartitionWriter {
    private boolean up;

    @Override
    public CompletableFuture<?> getAvailableFuture() {
      return up ? new CompletableFuture<>() : AVAILABLE;
    }
  }

  /** What came in had to wait for the thread as well: that is no silence. */
  @Test
  void processingTime_timerHadToWait_waitsOn() throws Exception {
    try (var harness = opened(harness(IDLE))) {
      harness.setProcessingTime(1_000);
      harness.processElement(scored("cloud", 0, 0), 0);
      harness.setProcessingTime(9_000);
      harness.processElement(scored("cloud", 1, 0), 0);
      harness.setProcessingTime(9_049);
      assertEquals(List.of(), batches(harness));
      harness.setProcessingTime(9_050);
      assertEquals(List.of("0: 0 1"), batches(harness));
    }
  }

  /** Flink's timers fire after a span, whatever the clock says by then. */
  @Test
  void processingTime_clockIsSetBackMeanwhile_waitsAnewAndNotUntilItIsThereAgain()
      throws Exception {
    try (var harness = opened(harness(IDLE))) {
      harness.setProcessingTime(10_000);
      harness.processElement(scored("cloud", 0, 0), 0);
      harness.setProcessingTime(10_005);
      harness.processElement(scored("health", 1, 0), 0);
      harness.setProcessingTime(145);
      ((BatchOperator) harness.getOperator()).closeWhatIsSilent(10_050);
      harness.setProcessingTime(194);
      assertEquals(List.of(), batches(harness));
      harness.setProcessingTime(195);
      assertEquals(List.of("0: 0", "0: 1"), batches(harness));
    }
  }

  private static ScoredSample heldOut(String domain, long offset) {
    ScoredSample one = scored(domain, offset, 0);
    return new ScoredSample(one.sample(), one.tokens(), 1, 1, 1, true);
  }

  /** The watermark of a source in order may stand anywhere up to the last sample's time. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
  void processElement_anyWatermarksBetween_sameBatches(long seed) throws Exception {
    List<ScoredSample> samples = samples(seed);
    assertEquals(batches(samples, false, seed), batches(samples, true, seed), "seed " + seed);
  }

  private static List<ScoredSample> samples(long seed) {
    Random random = new Random(seed);
    List<ScoredSample> samples = new ArrayList<>();
    long time = 0;
    for (int i = 0; i < 60; i++) {
      time += random.nextInt(90);
      samples.add(scored(random.nextBoolean() ? "cloud" : "health", i, time));
    }
    return samples;
  }

  private static List<String> batches(List<ScoredSample> samples, boolean watermarks, long seed)
      throws Exception {
    Random random = new Random(seed);
    long watermark = 0;
    try (var harness = opened(harness())) {
      for (ScoredSample sample : samples) {
        long time = sample.sample().eventTimeMillis();
        harness.processElement(sample, time);
        if (watermarks && random.nextBoolean()) {
          watermark = Math.max(watermark, time - random.nextInt(50));
          harness.processWatermark(watermark);
        }
      }
      harness.processWatermark(Watermark.MAX_WATERMARK);
      return batches(harness).stream().sorted().toList();
    }
  }

  @Test
  void restore_stateOfCommittedCode_closesWhatWasOpenByItsSpan() throws Exception {
    OperatorSubtaskState committed = GoldenState.of("batch", BatchFunctionTest::written);
    try (var harness = restored(harness(), committed)) {
      harness.processElement(scored("cloud", 5, 5_020), 5_020);
      assertEquals(List.of("1: 3 4 5"), batches(harness));
      harness.processWatermark(5_099);
      assertEquals(List.of("1: 3 4 5"), batches(harness));
      harness.processWatermark(5_100);
      assertEquals(List.of("1: 3 4 5", "0: 6"), batches(harness));
    }
  }

  /** State of before 2 December 2026 has them all in the batch's own value. */
  @Test
  void processElement_openBatchOfEarlierCodeHoldsItsSamples_areOfItsBatchOnce() throws Exception {
    try (var harness = opened(harness())) {
      harness.processElement(heldOut("cloud", 0), 0);
      harness.processElement(scored("cloud", 2, 0), 0);
      KeyedStateBackend<String> backend =
          ((BatchOperator) harness.getOperator()).getKeyedStateBackend();
      backend.setCurrentKey(DomainKey.of(scored("cloud", 2, 0)));
      for (String list : List.of("samples", "held-out")) {
        var serializer = SharedSerializer.of(ScoredSample.class);
        state(backend, new ListStateDescriptor<>(list, serializer)).clear();
      }
      ValueState<OpenBatch> gathering =
          state(
              backend,
              new ValueStateDescriptor<>("gathering", SharedSerializer.of(OpenBatch.class)));
      List<ScoredSample> judging =
          LongStream.range(0, 2).mapToObj(i -> heldOut("cloud", i)).toList();
      List<ScoredSample> teaching = List.of(scored("cloud", 2, 0), scored("cloud", 3, 0));
      gathering.update(new OpenBatch(null, "cloud", 7, 0, teaching, judging, 0, 0));
      harness.processElement(heldOut("cloud", 4), 0);
      for (int i = 5; i < 9; i++) {
        harness.processElement(scored("cloud", i, 0), 0);
      }
      assertEquals(List.of("7: 2 3 5", "8: 6 7 8"), batches(harness));
      assertEquals(
          List.of(List.of(0L, 1L, 4L), List.of()),
          harness.extractOutputValues().stream()
              .map(
                  batch -> batch.heldOut().stream().map(o -> o.sample().origin().offset()).toList())
              .toList());
    }
  }

  private static <S extends State> S state(
      KeyedStateBackend<?> backend, StateDescriptor<S, ?> descriptor) throws Exception {
    return backend.getPartitionedState(
        VoidNamespace.INSTANCE, VoidNamespaceSerializer.INSTANCE, descriptor);
  }

  /** A batch was closed and the next of its domain is open, as is one of late samples. */
  private static OperatorSubtaskState written() throws Exception {
    try (var harness = opened(harness())) {
      harness.processWatermark(5_000);
      for (int i = 0; i < 5; i++) {
        harness.processElement(scored("cloud", i, 5_010), 5_010);
      }
      harness.processElement(scored("health", 6, 1_000), 1_000);
      return harness.snapshot(1, 1);
    }
  }

  private static KeyedOneInputStreamOperatorTestHarness<String, ScoredSample, TrainingBatch>
      harness() throws Exception {
    return harness(POLICY);
  }

  private static KeyedOneInputStreamOperatorTestHarness<String, ScoredSample, TrainingBatch>
      harness(BatchPolicy policy) throws Exception {
    Harness harness = new Harness(policy);
    harness.setup();
    return harness;
  }

  private static final class Harness
      extends KeyedOneInputStreamOperatorTestHarness<String, ScoredSample, TrainingBatch> {
    Harness(BatchPolicy policy) throws Exception {
      super(new BatchOperator(policy), DomainKey::of, Types.STRING);
    }
  }

  private static List<String> batches(
      KeyedOneInputStreamOperatorTestHarness<String, ScoredSample, TrainingBatch> harness) {
    return harness.extractOutputValues().stream()
        .map(batch -> batch.number() + ":" + offsets(batch))
        .toList();
  }

  private static String offsets(TrainingBatch batch) {
    StringBuilder offsets = new StringBuilder();
    batch.samples().forEach(s -> offsets.append(' ').append(s.sample().origin().offset()));
    return offsets.toString();
  }
}
