package dev.millrace.job.operator;

import static dev.millrace.job.operator.Streams.request;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.config.ServeConfig;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Rejection;
import dev.millrace.schema.ReleaseEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.LongStream;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.streaming.api.operators.BoundedMultiInput;
import org.apache.flink.streaming.api.operators.TwoInputStreamOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.AbstractStreamOperatorTestHarness;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ServeOperatorTest {

  private static final int FREE = 1000;
  private static final int MAX_PARALLELISM = 8;
  private static final ServeConfig LIMITS = new ServeConfig(3, 4, 6, 0);

  @Test
  void processElement1_batchFull_answersInOrder() throws Exception {
    try (var harness = harness(new FakeServing(FREE))) {
      harness.open();
      ask(harness, 0, 3);
      runOneMail(harness);
      assertEquals(ids(0, 3), answered(harness));
    }
  }

  @Test
  void processElement1_nothingElseComes_flushesByTime() throws Exception {
    try (var harness = harness(new FakeServing(FREE))) {
      harness.open();
      harness.setProcessingTime(10);
      ask(harness, 0, 1);
      harness.setProcessingTime(14);
      runOneMail(harness);
      assertEquals(ids(0, 1), answered(harness));
    }
  }

  @Test
  void processElement1_tooManyWait_inputWaits() throws Exception {
    try (var harness = harness(new FakeServing(FREE))) {
      harness.open();
      ask(harness, 0, 20);
      assertTrue(answered(harness).size() > 20 - LIMITS.maxWaiting());
      endRequests(harness);
      assertEquals(ids(0, 20), answered(harness));
    }
  }

  @Test
  void restore_requestsWithoutAnswer_areAnsweredOnceByWhatServedBefore() throws Exception {
    OperatorSubtaskState snapshot;
    try (var harness = harness(new FakeServing(1))) {
      harness.open();
      release(harness, "first", 0);
      runOneMail(harness);
      ask(harness, 0, 3);
      runOneMail(harness);
      ask(harness, 3, 8);
      snapshot = harness.snapshot(1, 1);
      assertEquals(ids(0, 3), answered(harness));
    }
    try (var harness = harness(new FakeServing(FREE))) {
      harness.initializeState(snapshot);
      harness.open();
      endRequests(harness);
      assertEquals(ids(3, 8), answered(harness));
      harness.extractOutputValues().forEach(a -> assertEquals("first", a.answer().release()));
    }
  }

  @Test
  void restore_scaledIn_everyRequestIsAnsweredOnce() throws Exception {
    OperatorSubtaskState[] snapshots = new OperatorSubtaskState[2];
    for (int subtask = 0; subtask < 2; subtask++) {
      try (var harness = harness(new FakeServing(0), 2, subtask)) {
        harness.open();
        release(harness, "first", 0);
        runOneMail(harness);
        ask(harness, 4L * subtask, 4L * subtask + 4);
        snapshots[subtask] = harness.snapshot(1, 1);
      }
    }
    try (var harness = harness(new FakeServing(FREE))) {
      harness.initializeState(
          AbstractStreamOperatorTestHarness.repartitionOperatorState(
              AbstractStreamOperatorTestHarness.repackageState(snapshots),
              MAX_PARALLELISM,
              2,
              1,
              0));
      harness.open();
      endRequests(harness);
      assertEquals(ids(0, 8), answered(harness).stream().sorted().toList());
      harness.extractOutputValues().forEach(a -> assertEquals("first", a.answer().release()));
    }
  }

  @Test
  void processElement2_brokenRelease_isRefusedOnceAndTheOldOneServesOn() throws Exception {
    List<Rejection> rejections = new ArrayList<>();
    for (int subtask = 0; subtask < 2; subtask++) {
      OperatorSubtaskState snapshot;
      try (var harness = harness(new FakeServing(FREE, "broken"), 2, subtask)) {
        harness.open();
        release(harness, "first", 0);
        release(harness, "broken", 1);
        endReleases(harness);
        rejections.addAll(rejected(harness));
        snapshot = harness.snapshot(1, 1);
      }
      try (var harness = harness(new FakeServing(FREE, "broken"), 2, subtask)) {
        harness.initializeState(snapshot);
        harness.open();
        ask(harness, 0, 1);
        endRequests(harness);
        rejections.addAll(rejected(harness));
        assertEquals("first", harness.extractOutputValues().get(0).answer().release());
      }
    }
    assertEquals(1, rejections.size());
    assertEquals("release-invalid", rejections.get(0).reason());
    assertEquals(new Origin("releases", 0, 1), rejections.get(0).origin());
  }

  @Test
  void processElement2_domainForgotten_staysForgottenAfterRestore() throws Exception {
    OperatorSubtaskState snapshot;
    try (var harness = harness(new FakeServing(FREE))) {
      harness.open();
      release(harness, "first", 0);
      input(harness).processElement2(new StreamRecord<>(event("", ReleaseEvent.Action.FORGET, 1)));
      endReleases(harness);
      snapshot = harness.snapshot(1, 1);
    }
    try (var harness = harness(new FakeServing(FREE))) {
      harness.initializeState(snapshot);
      harness.open();
      ask(harness, 0, 1);
      endRequests(harness);
      assertNull(harness.extractOutputValues().get(0).answer().release());
    }
  }

  @Test
  void restore_releaseIsLost_failsInsteadOfAnsweringByTheBase() throws Exception {
    OperatorSubtaskState snapshot;
    try (var harness = harness(new FakeServing(FREE))) {
      harness.open();
      release(harness, "first", 0);
      endReleases(harness);
      snapshot = harness.snapshot(1, 1);
    }
    try (var harness = harness(new FakeServing(FREE, "first"))) {
      harness.initializeState(snapshot);
      var thrown = assertThrows(IllegalStateException.class, harness::open);
      assertTrue(thrown.getMessage().contains("first"), thrown.getMessage());
    }
  }

  private static AbstractStreamOperatorTestHarness<KeyedAnswer> harness(FakeServing serving)
      throws Exception {
    return harness(serving, 1, 0);
  }

  private static AbstractStreamOperatorTestHarness<KeyedAnswer> harness(
      FakeServing serving, int parallelism, int subtask) throws Exception {
    var harness =
        new AbstractStreamOperatorTestHarness<>(
            new ServeOperatorFactory(serving.opener(), LIMITS),
            MAX_PARALLELISM,
            parallelism,
            subtask);
    harness.setup();
    return harness;
  }

  @SuppressWarnings("unchecked")
  private static TwoInputStreamOperator<KeyedRequest, ReleaseEvent, KeyedAnswer> input(
      AbstractStreamOperatorTestHarness<KeyedAnswer> harness) {
    return (TwoInputStreamOperator<KeyedRequest, ReleaseEvent, KeyedAnswer>)
        (TwoInputStreamOperator<?, ?, ?>) harness.getOperator();
  }

  private static void ask(
      AbstractStreamOperatorTestHarness<KeyedAnswer> harness, long from, long to) throws Exception {
    for (long i = from; i < to; i++) {
      input(harness).processElement1(new StreamRecord<>(new KeyedRequest(null, request(i))));
    }
  }

  private static void release(
      AbstractStreamOperatorTestHarness<KeyedAnswer> harness, String id, long offset)
      throws Exception {
    input(harness)
        .processElement2(new StreamRecord<>(event(id, ReleaseEvent.Action.PUBLISH, offset)));
  }

  private static ReleaseEvent event(String id, ReleaseEvent.Action action, long offset) {
    return new ReleaseEvent(
        null,
        "cloud",
        ReleaseEvent.Kind.ADAPTER,
        action,
        id,
        "file:/" + id,
        null,
        offset,
        "test",
        new Origin("releases", 0, offset));
  }

  private static void endRequests(AbstractStreamOperatorTestHarness<KeyedAnswer> harness)
      throws Exception {
    ((BoundedMultiInput) harness.getOperator()).endInput(1);
  }

  private static void endReleases(AbstractStreamOperatorTestHarness<KeyedAnswer> harness)
      throws Exception {
    ((BoundedMultiInput) harness.getOperator()).endInput(2);
  }

  private static void runOneMail(AbstractStreamOperatorTestHarness<KeyedAnswer> harness)
      throws Exception {
    harness.getTaskMailbox().take(0).run();
  }

  private static List<String> ids(long from, long to) {
    return LongStream.range(from, to).mapToObj(i -> "request-" + i).toList();
  }

  private static List<String> answered(AbstractStreamOperatorTestHarness<KeyedAnswer> harness) {
    return harness.extractOutputValues().stream().map(a -> a.answer().request()).toList();
  }

  private static List<Rejection> rejected(AbstractStreamOperatorTestHarness<KeyedAnswer> harness) {
    var records = harness.getSideOutput(Outputs.REJECTED);
    return records == null
        ? List.of()
        : records.stream().map(StreamRecord::getValue).map(Objects::requireNonNull).toList();
  }
}
