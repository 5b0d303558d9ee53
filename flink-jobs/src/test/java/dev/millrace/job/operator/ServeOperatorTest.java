package dev.millrace.job.operator;

import static dev.millrace.job.operator.Streams.cancelling;
import static dev.millrace.job.operator.Streams.cold;
import static dev.millrace.job.operator.Streams.fromTenant;
import static dev.millrace.job.operator.Streams.known;
import static dev.millrace.job.operator.Streams.opened;
import static dev.millrace.job.operator.Streams.request;
import static dev.millrace.job.operator.Streams.restored;
import static dev.millrace.job.operator.Streams.streamed;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.StreamRecords;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.config.ServeConfig;
import dev.millrace.job.config.ServeConfig.WhenFull;
import dev.millrace.model.swap.SwapResult;
import dev.millrace.schema.Media;
import dev.millrace.schema.Modality;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Rejection;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.Request;
import dev.millrace.schema.wire.Limits;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.streaming.api.operators.BoundedMultiInput;
import org.apache.flink.streaming.api.operators.TwoInputStreamOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.AbstractStreamOperatorTestHarness;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(180)
class ServeOperatorTest {

  private static final int FREE = 1000;
  private static final int MAX_PARALLELISM = 8;
  private static final ServeConfig LIMITS = limits(WhenFull.REFUSE);
  private static final ServeConfig PATIENT = limits(WhenFull.WAIT);

  private static ServeConfig limits(WhenFull whenFull) {
    return limits(whenFull, 6);
  }

  private static ServeConfig limits(WhenFull whenFull, int queue) {
    return new ServeConfig(
        3,
        queue,
        0.5,
        whenFull,
        0,
        0,
        1,
        ServeConfig.Activation.INDEPENDENT,
        1000,
        MillraceConfig.defaults().serve().semantic());
  }

  @Test
  void open_whatAnswersCannotBeOpened_failsByWhatTheOpenerSaid() throws Exception {
    IOException broken = new IOException("no base here");
    Opener<Serving> opener =
        subtask -> {
          throw broken;
        };
    try (var harness = harness(opener, LIMITS, 1, 0)) {
      assertSame(broken, assertThrows(IOException.class, harness::open));
    }
  }

  @Test
  void close_taskFailedBeforeItOpened_closesWhatWasOpenedBeside() throws Exception {
    CountDownLatch opened = new CountDownLatch(1);
    CountDownLatch closed = new CountDownLatch(1);
    Opener<Serving> opener =
        subtask -> {
          opened.countDown();
          return new Opened<>(
              new FakeServing(FREE).opener().open(subtask).value(), closed::countDown);
        };
    try (var harness = harness(opener, LIMITS, 1, 0)) {
      opened.await();
    }
    assertEquals(0, closed.getCount());
  }

  @Test
  void processElement1_noBatchToFill_answersAtOnce() throws Exception {
    try (var harness = opened(harness(new FakeServing(FREE)))) {
      ask(harness, 0, 1);
      runOneMail(harness);
      assertEquals(ids(0, 1), answered(harness));
    }
  }

  @Test
  void processElement1_askedForChunks_theyLeaveBesideTheAnswers() throws Exception {
    try (var harness = opened(harness(new FakeServing(FREE)))) {
      ask(harness, null, request(0));
      ask(harness, null, streamed(request(1)));
      endRequests(harness);
      assertEquals(ids(0, 2), answered(harness));
      assertEquals(
          List.of("request-1 0 a"),
          harness.getSideOutput(Outputs.CHUNKS).stream()
              .map(StreamRecord::getValue)
              .map(chunk -> chunk.request() + " " + chunk.index() + " " + chunk.text())
              .toList());
    }
  }

  @Test
  void processElement1_batchHasRoom_joinsBesideWhatRuns() throws Exception {
    FakeServing serving = new FakeServing(0);
    try (var harness = opened(harness(serving))) {
      ask(harness, 0, 2);
      assertEquals(ids(0, 2), serving.running());
      ask(harness, 2, 5);
      assertEquals(ids(0, 3), serving.running());
      serving.permits.release();
      runOneMail(harness);
      assertEquals(ids(0, 1), answered(harness));
      assertEquals(ids(1, 4), serving.running());
    }
  }

  @Test
  void processElement1_waitingForAColdRelease_takesNoPlaceOfOthers() throws Exception {
    FakeServing serving = new FakeServing(FREE);
    try (var harness = opened(harness(serving))) {
      for (int i = 0; i < 4; i++) {
        ask(harness, null, cold(i));
      }
      ask(harness, 4, 6);
      while (answered(harness).size() < 2) {
        runOneMail(harness);
      }
      assertEquals(ids(4, 6), answered(harness));
      assertEquals(ids(0, 4), serving.running());
      serving.fetched();
      endRequests(harness);
      assertEquals(ids(0, 6), answered(harness).stream().sorted().toList());
    }
  }

  /** Else who asks for what a slow store holds would have all others refused. */
  @Test
  void processElement1_queueFullOfOneTenantsColdReleases_theNewestGivesWayToAnother()
      throws Exception {
    FakeServing serving = new FakeServing(FREE);
    try (var harness = opened(harness(serving))) {
      for (int i = 0; i < LIMITS.queue(); i++) {
        ask(harness, null, cold(i));
      }
      while (serving.fetching().size() < LIMITS.queue()) {
        runOneMail(harness);
      }
      ask(harness, null, fromTenant("small", request(6)));
      assertEquals(ids(5, 6), answered(harness));
      while (answered(harness).size() < 2) {
        runOneMail(harness);
      }
      assertEquals(List.of("request-5", "request-6"), answered(harness));
      assertEquals(ids(0, 5), serving.running());
      serving.fetched();
      endRequests(harness);
      assertEquals(ids(0, 7), answered(harness).stream().sorted().toList());
    }
  }

  /** Whoever was told that it is refused would take what follows for another answer. */
  @Test
  void processElement1_refusedWhenItsAnswerHasBegun_noChunkFollows() throws Exception {
    FakeServing serving = new FakeServing(FREE);
    try (var harness = opened(harness(serving))) {
      for (int i = 0; i < LIMITS.queue() - 1; i++) {
        ask(harness, null, cold(i));
      }
      ask(harness, null, streamed(cold(5)));
      while (serving.fetching().size() < LIMITS.queue()) {
        runOneMail(harness);
      }
      ask(harness, null, fromTenant("small", request(6)));
      assertEquals(ids(5, 6), answered(harness));
      serving.fetched();
      endRequests(harness);
      assertEquals(ids(0, 7), answered(harness).stream().sorted().toList());
      assertNull(harness.getSideOutput(Outputs.CHUNKS), "it was refused");
    }
  }

  /** Else it would wait for its turn, and take the room of those that still want an answer. */
  @Test
  void processElement1_deadlinePassesInTheQueue_goesToTheResponderOutOfTurn() throws Exception {
    FakeServing serving = new FakeServing(0);
    try (var harness = opened(harness(serving))) {
      ask(harness, 0, 4);
      ask(harness, null, request(4).toBuilder().deadlineMillis(1000).build());
      harness.setProcessingTime(1000);
      assertEquals(ids(0, 3), serving.running());
      harness.setProcessingTime(1001);
      assertEquals(List.of("request-0", "request-1", "request-2", "request-4"), serving.running());
      serving.permits.release(FREE);
      endRequests(harness);
      assertEquals(ids(0, 5), answered(harness).stream().sorted().toList());
    }
  }

  @Test
  void processElement1_deadlinePassesAfterTheAnswer_isAnsweredOnce() throws Exception {
    FakeServing serving = new FakeServing(0);
    try (var harness = opened(harness(serving))) {
      ask(harness, 0, 4);
      for (long i = 4; i < 7; i++) {
        ask(harness, null, request(i).toBuilder().deadlineMillis(1000).build());
      }
      ask(harness, null, cancelling("c4", null, "request-4"));
      assertEquals(List.of("request-6", "request-4", "c4"), answered(harness));
      harness.setProcessingTime(1001);
      serving.permits.release(FREE);
      endRequests(harness);
      assertEquals(
          Stream.concat(Stream.of("c4"), ids(0, 7).stream()).toList(),
          answered(harness).stream().sorted().toList());
    }
  }

  @Test
  void processElement1_underOneKey_answersLeaveInOrderAndOthersOvertake() throws Exception {
    FakeServing serving = new FakeServing(0);
    try (var harness = opened(harness(serving))) {
      ask(harness, "key", request(0));
      ask(harness, "key", known(1));
      ask(harness, "other", known(2));
      ask(harness, "key", request(3));
      ask(harness, "other", request(4));
      assertEquals(ids(2, 3), answered(harness));
      serving.permits.release(FREE);
      endRequests(harness);
      List<String> answered = answered(harness);
      assertEquals(5, answered.size());
      answered.removeAll(List.of("request-2", "request-4"));
      assertEquals(List.of("request-0", "request-1", "request-3"), answered);
      assertEquals("key", new String(keyOf(harness, "request-3"), StandardCharsets.UTF_8));
    }
  }

  @Test
  void processElement1_sameKeyOfAnotherTenant_waitsForNobody() throws Exception {
    FakeServing serving = new FakeServing(0);
    try (var harness = opened(harness(serving))) {
      ask(harness, "1", fromTenant("slow", request(0)));
      ask(harness, "1", fromTenant("quick", known(1)));
      assertEquals(ids(1, 2), answered(harness));
      ask(harness, "1", fromTenant("slow", known(2)));
      assertEquals(ids(1, 2), answered(harness));
      serving.permits.release(FREE);
      endRequests(harness);
      assertEquals(List.of("request-1", "request-0", "request-2"), answered(harness));
    }
  }

  @Test
  void processElement1_queueFull_refusesWithTheNumbersAndHoldsTheRest() throws Exception {
    FakeServing serving = new FakeServing(0);
    try (var harness = opened(harness(serving))) {
      ask(harness, 0, 8);
      assertEquals(ids(6, 8), answered(harness));
      assertEquals(
          "overloaded: 7 places would be taken, expected at most 6; 7 of them by this tenant,"
              + " expected at most 3 beside others",
          harness.extractOutputValues().get(0).answer().error());
      serving.permits.release(FREE);
      endRequests(harness);
      assertEquals(ids(0, 8), answered(harness).stream().sorted().toList());
    }
  }

  @Test
  void processElement1_overItsShareByALargePrompt_isRefusedWithTheRoomThatItWouldTake()
      throws Exception {
    FakeServing serving = new FakeServing(0);
    String prompt = "é".repeat(3 * Limits.PROMPT_BYTES / 2);
    Request large = Request.builder("large", Request.Task.SCORE, prompt).domain("cloud").build();
    try (var harness = opened(harness(serving))) {
      ask(harness, null, fromTenant("small", request(0)));
      ask(harness, 1, 2);
      ask(harness, null, large);
      assertEquals(List.of("large"), answered(harness));
      assertEquals(
          "overloaded: 5 places would be taken, expected at most 6; 4 of them by this tenant,"
              + " expected at most 3 beside others",
          harness.extractOutputValues().get(0).answer().error());
      serving.permits.release(FREE);
      endRequests(harness);
    }
  }

  /** The queue is state: a few prompts of megabytes must not be what a checkpoint fails by. */
  @Test
  void processElement1_promptFarOverTheLimit_takesTheRoomOfSeveral() throws Exception {
    FakeServing serving = new FakeServing(0);
    String prompt = "é".repeat(5 * Limits.PROMPT_BYTES / 2);
    Request large =
        Request.builder("large", Request.Task.SCORE, prompt).domain("cloud").cached(false).build();
    try (var harness = opened(harness(serving))) {
      ask(harness, null, large);
      ask(harness, 0, 2);
      assertEquals(ids(1, 2), answered(harness));
      serving.permits.release(FREE);
      endRequests(harness);
    }
  }

  @Test
  void processElement1_manyEmptyStopTexts_takesTheRoomOfSeveral() throws Exception {
    FakeServing serving = new FakeServing(0);
    Request large = request(7).toBuilder().stop(Collections.nCopies(100_000, "")).build();
    try (var harness = opened(harness(serving))) {
      ask(harness, null, large);
      ask(harness, 0, 1);
      assertEquals(ids(0, 1), answered(harness));
      serving.permits.release(FREE);
      endRequests(harness);
    }
  }

  /** What cancels waits behind what was asked before it: its bytes must not wait too. */
  @Test
  void cancel_promptOfMegabytes_stateIsSmall() throws Exception {
    FakeServing serving = new FakeServing(0);
    Request cancels =
        Request.builder("large", Request.Task.SCORE, "é".repeat(1 << 20))
            .media(new Media(Modality.IMAGE, new byte[1 << 20]))
            .stop(List.of("stop".repeat(1 << 18)))
            .cancels("none")
            .build();
    try (var harness = opened(harness(serving))) {
      ask(harness, "key", request(0));
      ask(harness, "key", cancels);
      OperatorSubtaskState snapshot = harness.snapshot(1, 1);
      assertTrue(snapshot.getStateSize() < 1 << 16, snapshot.getStateSize() + " bytes");
      serving.permits.release(FREE);
      endRequests(harness);
      assertEquals(List.of("request-0", "large"), answered(harness));
      assertEquals(
          "unknown-request: none has no answer to come",
          harness.extractOutputValues().get(1).answer().error());
    }
  }

  @Test
  void processElement1_queueFull_otherTenantTakesThePlaceOfTheNewestOfWhoHoldsMost()
      throws Exception {
    FakeServing serving = new FakeServing(0);
    try (var harness = opened(harness(serving))) {
      ask(harness, 0, 6);
      ask(harness, null, fromTenant("small", request(6)));
      assertEquals(ids(5, 6), answered(harness));
      serving.permits.release(FREE);
      endRequests(harness);
      List<String> answered = answered(harness);
      assertEquals(ids(0, 7), answered.stream().sorted().toList());
      // Three were running; then the tenants take turns.
      assertEquals(List.of("request-3", "request-6", "request-4"), answered.subList(4, 7));
    }
  }

  @Test
  void processElement1_queueFullAndPatient_inputWaits() throws Exception {
    try (var harness = opened(harness(new FakeServing(FREE), PATIENT))) {
      ask(harness, 0, 20);
      assertTrue(answered(harness).size() >= 20 - PATIENT.queue());
      endRequests(harness);
      assertEquals(ids(0, 20), answered(harness));
      harness.extractOutputValues().forEach(a -> assertNull(a.answer().error()));
    }
  }

  @Test
  void processElement1_patientAndOneTenantOverItsShare_nothingIsRefused() throws Exception {
    FakeServing serving = new FakeServing(0);
    try (var harness = opened(harness(serving, PATIENT))) {
      ask(harness, null, fromTenant("small", request(0)));
      ask(harness, 1, 6);
      assertEquals(List.of(), answered(harness));
      serving.permits.release(FREE);
      endRequests(harness);
      assertEquals(ids(0, 6), answered(harness).stream().sorted().toList());
      harness.extractOutputValues().forEach(a -> assertNull(a.answer().error()));
    }
  }

  @Test
  void cancel_patientAndMoreThanTheLineHolds_nothingIsRefused() throws Exception {
    try (var harness = opened(harness(new FakeServing(FREE), PATIENT))) {
      ask(harness, "key", request(0));
      for (int i = 0; i < 2 * PATIENT.queue(); i++) {
        ask(harness, "key", cancelling("c" + i, null, "none"));
      }
      endRequests(harness);
      assertEquals(1 + 2 * PATIENT.queue(), answered(harness).size());
      harness
          .extractOutputValues()
          .forEach(a -> assertFalse(a.toString().contains("overloaded"), a.toString()));
    }
  }

  @Test
  void cancel_queueWithoutBound_findsItsRequest() throws Exception {
    for (WhenFull whenFull : WhenFull.values()) {
      try (var harness = opened(harness(new FakeServing(0), limits(whenFull, Integer.MAX_VALUE)))) {
        ask(harness, 0, 4);
        ask(harness, null, cancelling("c3", null, "request-3"));
        assertEquals(List.of("request-3", "c3"), answered(harness));
        assertEquals("cancelled: by c3", harness.extractOutputValues().get(0).answer().error());
      }
    }
  }

  @Test
  void cancel_waitingAndRunning_areAnsweredWithTheReasonBeforeTheirCancellers() throws Exception {
    FakeServing serving = new FakeServing(0);
    try (var harness = opened(harness(serving))) {
      ask(harness, 0, 4);
      ask(harness, null, cancelling("c0", null, "request-0"));
      ask(harness, null, cancelling("c3", null, "request-3"));
      assertEquals(List.of("request-3", "c3"), answered(harness));
      runOneMail(harness);
      assertEquals(List.of("request-3", "c3", "request-0", "c0"), answered(harness));
      assertEquals("cancelled: by c0", harness.extractOutputValues().get(2).answer().error());
      assertNull(harness.extractOutputValues().get(3).answer().error());
      ask(harness, null, cancelling("c0again", null, "request-0"));
      assertEquals(
          "unknown-request: request-0 has no answer to come",
          harness.extractOutputValues().get(4).answer().error());
      serving.permits.release(FREE);
      endRequests(harness);
      assertEquals(ids(1, 3), answered(harness).subList(5, 7));
    }
  }

  @Test
  void cancel_otherTenantOrOtherKey_cancelsNothing() throws Exception {
    FakeServing serving = new FakeServing(0);
    try (var harness = opened(harness(serving))) {
      ask(harness, 0, 1);
      ask(harness, "key", request(1));
      ask(harness, null, cancelling("stranger", "rival", "request-0"));
      ask(harness, "other", cancelling("elsewhere", null, "request-1"));
      serving.permits.release(FREE);
      endRequests(harness);
      harness
          .extractOutputValues()
          .forEach(
              a ->
                  assertEquals(
                      a.answer().request().startsWith("request"), a.answer().error() == null));
    }
  }

  @Test
  void restore_cancelBeforeItsRequestLeft_cancelsAgain() throws Exception {
    OperatorSubtaskState snapshot;
    try (var harness = opened(harness(new FakeServing(0)))) {
      ask(harness, 0, 2);
      ask(harness, null, cancelling("c", null, "request-0"));
      snapshot = harness.snapshot(1, 1);
    }
    try (var harness = restored(harness(new FakeServing(FREE)), snapshot)) {
      endRequests(harness);
      assertEquals(List.of("request-0", "c", "request-1"), answered(harness));
      assertEquals("cancelled: by c", harness.extractOutputValues().get(0).answer().error());
    }
  }

  @Test
  void restore_requestsWithoutAnswer_areAnsweredOnceByWhatServedBefore() throws Exception {
    OperatorSubtaskState snapshot;
    try (var harness = opened(harness(new FakeServing(1)))) {
      release(harness, "first", 0);
      runOneMail(harness);
      ask(harness, 0, 1);
      runOneMail(harness);
      ask(harness, 1, 7);
      snapshot = harness.snapshot(1, 1);
      assertEquals(ids(0, 1), answered(harness));
    }
    try (var harness = restored(harness(new FakeServing(FREE)), snapshot)) {
      endRequests(harness);
      assertEquals(ids(1, 7), answered(harness));
      harness.extractOutputValues().forEach(a -> assertEquals("first", a.answer().release()));
    }
  }

  @Test
  void restore_scaledIn_everyRequestIsAnsweredOnce() throws Exception {
    OperatorSubtaskState[] snapshots = new OperatorSubtaskState[2];
    for (int subtask = 0; subtask < 2; subtask++) {
      try (var harness = opened(harness(new FakeServing(0), 2, subtask))) {
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
  void restore_scaledOut_eachKeyGoesOnInItsOrderWhereItsRequestsGoNow() throws Exception {
    OperatorSubtaskState snapshot;
    try (var harness = opened(harness(new FakeServing(0)))) {
      for (int i = 0; i < 6; i++) {
        ask(harness, "key " + i % 3, request(i));
      }
      snapshot = harness.snapshot(1, 1);
    }
    List<String> all = new ArrayList<>();
    for (int subtask = 0; subtask < 2; subtask++) {
      try (var harness = harness(new FakeServing(FREE), 2, subtask)) {
        harness.initializeState(
            AbstractStreamOperatorTestHarness.repartitionOperatorState(
                snapshot, MAX_PARALLELISM, 1, 2, subtask));
        harness.open();
        endRequests(harness);
        List<String> here = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
          ByteBuffer key = ByteBuffer.wrap(("key " + i % 3).getBytes(StandardCharsets.UTF_8));
          if (KeyedRequest.subtask(key.hashCode(), 2) == subtask) {
            here.add("request-" + i);
          }
        }
        assertEquals(here, answered(harness));
        all.addAll(here);
      }
    }
    assertEquals(6, all.size());
  }

  /** The subtask that has a key then may not have loaded what answered it before. */
  @ParameterizedTest
  @CsvSource({"1", "2", "3"})
  void restore_oneSubtaskHadLoadedMore_allAnswerByThat(int subtasks) throws Exception {
    CompletableFuture<@Nullable Void> never = new CompletableFuture<>();
    OperatorSubtaskState[] snapshots = new OperatorSubtaskState[2];
    for (int subtask = 0; subtask < 2; subtask++) {
      FakeServing serving = new FakeServing(FREE);
      try (var harness = opened(harness(serving, 2, subtask))) {
        release(harness, "first", 0);
        runOneMail(harness);
        if (subtask == 0) {
          serving.hold("second", never);
        }
        release(harness, "second", 1);
        if (subtask == 1) {
          runOneMail(harness);
        }
        snapshots[subtask] = harness.snapshot(1, 1);
      }
    }
    OperatorSubtaskState both = AbstractStreamOperatorTestHarness.repackageState(snapshots);
    for (int subtask = 0; subtask < subtasks; subtask++) {
      FakeServing serving = new FakeServing(FREE);
      serving.hold("second", never);
      try (var harness = harness(serving, subtasks, subtask)) {
        harness.initializeState(
            AbstractStreamOperatorTestHarness.repartitionOperatorState(
                both, MAX_PARALLELISM, 2, subtasks, subtask));
        harness.open();
        ask(harness, 0, 1);
        endRequests(harness);
        assertEquals("second", harness.extractOutputValues().get(0).answer().release());
        endReleases(harness);
      }
    }
  }

  /**
   * Its file may be broken on that machine; requests would be refused where the old one answers.
   */
  @Test
  void restore_oneSubtaskHadRefusedWhatAnotherLoaded_answersByTheOldOneStill() throws Exception {
    OperatorSubtaskState[] snapshots = new OperatorSubtaskState[2];
    for (int subtask = 0; subtask < 2; subtask++) {
      String broken = subtask == 0 ? "second" : "none";
      try (var harness = opened(harness(new FakeServing(FREE, broken), 2, subtask))) {
        release(harness, "first", 0);
        release(harness, "second", 1);
        endReleases(harness);
        snapshots[subtask] = harness.snapshot(1, 1);
      }
    }
    OperatorSubtaskState both = AbstractStreamOperatorTestHarness.repackageState(snapshots);
    for (int subtask = 0; subtask < 2; subtask++) {
      FakeServing serving = new FakeServing(FREE);
      try (var harness = harness(serving, 2, subtask)) {
        harness.initializeState(
            AbstractStreamOperatorTestHarness.repartitionOperatorState(
                both, MAX_PARALLELISM, 2, 2, subtask));
        harness.open();
        assertEquals(List.of(subtask == 0 ? "first" : "second"), serving.switched());
      }
    }
  }

  @Test
  void processElement2_brokenRelease_isRefusedOnceAndTheOldOneServesOn() throws Exception {
    List<Rejection> rejections = new ArrayList<>();
    for (int subtask = 0; subtask < 2; subtask++) {
      OperatorSubtaskState snapshot;
      try (var harness = opened(harness(new FakeServing(FREE, "broken"), 2, subtask))) {
        release(harness, "first", 0);
        release(harness, "broken", 1);
        endReleases(harness);
        rejections.addAll(rejected(harness));
        snapshot = harness.snapshot(1, 1);
      }
      try (var harness = restored(harness(new FakeServing(FREE, "broken"), 2, subtask), snapshot)) {
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

  @ParameterizedTest
  @CsvSource({
    "release-unreadable, release-unreadable: the store is away",
    "release-invalid, release-invalid: digest is 1",
    "release-invalid, base-mismatch: release of base 1"
  })
  void processElement2_whatIsFollowedDoesNotAnswer_eachSubtaskSaysSoAndStateHasIt(
      String reason, String detail) throws Exception {
    for (int subtask = 0; subtask < 2; subtask++) {
      OperatorSubtaskState snapshot;
      FakeServing serving = new FakeServing(FREE);
      try (var harness = opened(harness(serving, 2, subtask))) {
        release(harness, "first", 0);
        serving.lose("older", detail);
        input(harness)
            .processElement2(new StreamRecord<>(event("older", ReleaseEvent.Action.FORGET, 1)));
        endReleases(harness);
        Rejection rejection = rejected(harness).get(0);
        assertEquals(reason, rejection.reason());
        assertEquals(detail, rejection.detail());
        assertEquals("older", rejection.id());
        snapshot = harness.snapshot(1, 1);
      }
      try (var harness = restored(harness(new FakeServing(FREE), 2, subtask), snapshot)) {
        ask(harness, 0, 1);
        endRequests(harness);
        assertEquals("older", harness.extractOutputValues().get(0).answer().release());
        assertEquals(List.of(), rejected(harness));
      }
    }
  }

  @Test
  void open_withoutState_followsWhatTheTopicHoldsBeforeTheFirstRequest() throws Exception {
    ReleaseEvent first = event("first", ReleaseEvent.Action.PUBLISH, 0);
    ReleaseEvent second = event("second", ReleaseEvent.Action.PUBLISH, 1);
    ReleaseEvent back = event("first", ReleaseEvent.Action.ROLLBACK, 2);
    Beginning beginning = () -> List.of(first, second, back);
    OperatorSubtaskState snapshot;
    FakeServing serving = new FakeServing(FREE);
    try (var harness = opened(harness(serving, beginning))) {
      ask(harness, 0, 1);
      endRequests(harness);
      assertEquals("first", harness.extractOutputValues().get(0).answer().release());
      input(harness).processElement2(new StreamRecord<>(first));
      assertEquals(List.of("first"), serving.switched());
      snapshot = harness.snapshot(1, 1);
    }
    FakeServing restarted = new FakeServing(FREE);
    try (var harness = restored(harness(restarted, beginning), snapshot)) {
      input(harness).processElement2(new StreamRecord<>(second));
      input(harness).processElement2(new StreamRecord<>(back));
      assertEquals(List.of("first"), restarted.switched());
      release(harness, "third", 3);
      release(harness, "anew", 0); // the topic was made anew
      endReleases(harness);
      assertEquals(List.of("first", "third", "anew"), restarted.switched());
    }
  }

  @Test
  void open_lastReleaseOfTheTopicIsWrong_followsTheOneBefore() throws Exception {
    Beginning beginning =
        () ->
            List.of(
                event("first", ReleaseEvent.Action.PUBLISH, 0),
                event("second", ReleaseEvent.Action.PUBLISH, 1),
                event("wrong", ReleaseEvent.Action.PUBLISH, 2));
    FakeServing serving = new FakeServing(FREE, "wrong");
    serving.lose("second", "release-unreadable: the store is away");
    try (var harness = opened(harness(serving, beginning))) {
      assertEquals(List.of("second"), serving.switched());
      assertEquals(
          List.of("wrong", "second"), rejected(harness).stream().map(Rejection::id).toList());
    }
  }

  @Test
  void open_topicCannotBeRead_failsAndAnswersNothing() throws Exception {
    Beginning beginning =
        () -> {
          throw new IOException("the broker is away");
        };
    try (var harness = harness(new FakeServing(FREE), beginning)) {
      IOException failed = assertThrows(IOException.class, harness::open);
      assertEquals("the broker is away", failed.getMessage());
    }
  }

  /** The thread that switches may be held up between the switch and its end, and a barrier come. */
  @Test
  void processElement2_answersByWhatItWasSwitchedToBeforeTheSwitchEnds_areInState()
      throws Exception {
    for (ReleaseEvent.Action action :
        List.of(ReleaseEvent.Action.PUBLISH, ReleaseEvent.Action.ROLLBACK)) {
      OperatorSubtaskState snapshot;
      FakeServing serving = new FakeServing(FREE);
      try (var harness = opened(harness(serving))) {
        release(harness, "first", 0);
        runOneMail(harness);
        serving.unheard("second");
        input(harness).processElement2(new StreamRecord<>(event("second", action, 1)));
        while (!serving.switched().contains("second")) {
          runOneMail(harness);
        }
        ask(harness, 0, 1);
        endRequests(harness);
        assertEquals("second", harness.extractOutputValues().get(0).answer().release());
        snapshot = harness.snapshot(1, 1);
      }
      FakeServing restarted = new FakeServing(FREE);
      try (var harness = restored(harness(restarted), snapshot)) {
        assertEquals(List.of("second"), restarted.switched());
      }
    }
  }

  /** Each that is loaded and does not answer takes memory beside what is bounded. */
  @Test
  void processElement2_othersWhileOneIsLoaded_areLoadedAfterItsSwitchThoseOfAnotherKindAtOnce()
      throws Exception {
    FakeServing serving = new FakeServing(FREE);
    try (var harness = opened(harness(serving))) {
      CompletableFuture<@Nullable Void> until = new CompletableFuture<>();
      serving.hold("first", until);
      release(harness, "first", 0);
      ReleaseEvent rollback = event("second", ReleaseEvent.Action.ROLLBACK, 1);
      input(harness).processElement2(new StreamRecord<>(rollback));
      publish(harness, "legal", ReleaseEvent.Kind.ADAPTER, "other", 2);
      publish(harness, "cloud", ReleaseEvent.Kind.ALIGNMENT, "alignment", 3);
      assertEquals(List.of("first", "alignment"), serving.staged());
      until.complete(null);
      endReleases(harness);
      assertEquals(List.of("alignment", "first", "second", "other"), serving.switched());
    }
  }

  private static void publish(
      AbstractStreamOperatorTestHarness<KeyedAnswer> harness,
      String domain,
      ReleaseEvent.Kind kind,
      String id,
      long offset)
      throws Exception {
    ReleaseEvent event =
        StreamRecords.event(domain, kind, ReleaseEvent.Action.PUBLISH, id, null, 1, offset);
    input(harness).processElement2(new StreamRecord<>(event));
  }

  @Test
  void processElement2_publicationCannotBeReadNow_isTriedAgainAlsoAfterARestart() throws Exception {
    OperatorSubtaskState snapshot;
    FakeServing serving = new FakeServing(FREE);
    try (var harness = opened(harness(serving, 2, 1))) {
      release(harness, "first", 0);
      serving.takeAway("second");
      release(harness, "second", 1);
      endReleases(harness);
      Rejection rejection = rejected(harness).get(0);
      assertEquals("release-unreadable", rejection.reason());
      assertEquals("second", rejection.id());
      harness.setProcessingTime(5_000);
      runOneMail(harness);
      assertEquals(List.of("first"), serving.switched());
      snapshot = harness.snapshot(1, 1);
      serving.bringBack("second");
      harness.setProcessingTime(10_000);
      runOneMail(harness);
      assertEquals(List.of("first", "second"), serving.switched());
      assertEquals(1, rejected(harness).size());
      harness.setProcessingTime(15_000);
      assertEquals(List.of("first", "second"), serving.switched());
    }
    FakeServing restarted = new FakeServing(FREE);
    try (var harness = restored(harness(restarted, 2, 1), snapshot)) {
      runOneMail(harness);
      assertEquals(List.of("first", "second"), restarted.switched());
    }
  }

  @Test
  void processElement2_manyPublicationsCannotBeRead_areTriedOneAtATime() throws Exception {
    FakeServing serving = new FakeServing(FREE);
    try (var harness = opened(harness(serving))) {
      for (int i = 0; i < 3; i++) {
        serving.takeAway("r" + i);
        input(harness)
            .processElement2(
                new StreamRecord<>(
                    StreamRecords.event("d" + i, ReleaseEvent.Action.PUBLISH, "r" + i, 0, i)));
        runOneMail(harness);
      }
      serving.bringBack("r1");
      harness.setProcessingTime(5_000);
      runOneMail(harness); // r0
      assertEquals(List.of(), serving.switched());
      harness.setProcessingTime(10_000);
      runOneMail(harness);
      assertEquals(List.of("r1"), serving.switched());
      runOneMail(harness); // r2 at once
      serving.bringBack("r0");
      serving.bringBack("r2");
      harness.setProcessingTime(15_000);
      runOneMail(harness);
      runOneMail(harness);
      assertEquals(List.of("r1", "r0", "r2"), serving.switched());
    }
  }

  @Test
  void processElement2_domainTakenBackWhileAPublicationCannotBeRead_doesNotComeBack()
      throws Exception {
    OperatorSubtaskState snapshot;
    FakeServing serving = new FakeServing(FREE);
    try (var harness = opened(harness(serving))) {
      release(harness, "first", 0);
      serving.takeAway("second");
      release(harness, "second", 1);
      endReleases(harness);
      input(harness)
          .processElement2(new StreamRecord<>(event("first", ReleaseEvent.Action.ROLLBACK, 2)));
      serving.bringBack("second");
      harness.setProcessingTime(5_000); // the order is not settled yet
      assertEquals(List.of("first"), serving.switched());
      runOneMail(harness);
      snapshot = harness.snapshot(1, 1);
      harness.setProcessingTime(10_000);
      assertEquals(List.of("first", "first"), serving.switched());
    }
    FakeServing restarted = new FakeServing(FREE);
    try (var harness = restored(harness(restarted), snapshot)) {
      assertEquals(List.of("first"), restarted.switched());
    }
  }

  /** It stands beside the release before it, and takes nothing over. */
  @Test
  void processElement2_trialThatCannotBeReadEither_keepsNoPublicationFromBeingTried()
      throws Exception {
    FakeServing serving = new FakeServing(FREE);
    try (var harness = opened(harness(serving))) {
      release(harness, "first", 0);
      serving.takeAway("second");
      release(harness, "second", 1);
      serving.takeAway("trial");
      ReleaseEvent trial = event("trial", ReleaseEvent.Action.PUBLISH, 2).withholding(0.5);
      input(harness).processElement2(new StreamRecord<>(trial));
      endReleases(harness);
      serving.bringBack("second");
      harness.setProcessingTime(5_000);
      runOneMail(harness);
      assertEquals(List.of("first", "second"), serving.switched());
    }
  }

  /** It is large, and whoever released it can do so once more. */
  @Test
  void processElement2_baseCannotBeReadNow_eachSubtaskSaysSoAndItIsNotTriedAgain()
      throws Exception {
    for (int subtask = 0; subtask < 2; subtask++) {
      FakeServing serving = new FakeServing(FREE);
      serving.takeAway("next");
      ReleaseEvent base =
          StreamRecords.event(
              "base", ReleaseEvent.Kind.BASE, ReleaseEvent.Action.PUBLISH, "next", null, 1, 0);
      try (var harness = opened(harness(serving, 2, subtask))) {
        input(harness).processElement2(new StreamRecord<>(base));
        endReleases(harness);
        Rejection rejection = rejected(harness).get(0);
        assertEquals("release-unreadable: the store is away", rejection.detail());
        harness.setProcessingTime(5_000);
        assertEquals(List.of("next"), List.copyOf(serving.tries()));
      }
    }
  }

  @Test
  void processElement2_publicationOfATopicMadeAnewCannotBeReadNow_isTriedAgain() throws Exception {
    OperatorSubtaskState snapshot;
    FakeServing serving = new FakeServing(FREE);
    try (var harness = opened(harness(serving))) {
      release(harness, "first", 57);
      runOneMail(harness);
      serving.takeAway("second");
      release(harness, "second", 0);
      runOneMail(harness);
      snapshot = harness.snapshot(1, 1);
      serving.bringBack("second");
      harness.setProcessingTime(5_000);
      runOneMail(harness);
      assertEquals(List.of("first", "second"), serving.switched());
    }
    FakeServing restarted = new FakeServing(FREE);
    try (var harness = restored(harness(restarted), snapshot)) {
      runOneMail(harness);
      assertEquals(List.of("first", "second"), restarted.switched());
    }
  }

  @Test
  void processElement2_domainForgotten_staysForgottenAfterRestore() throws Exception {
    OperatorSubtaskState snapshot;
    try (var harness = opened(harness(new FakeServing(FREE)))) {
      release(harness, "first", 0);
      input(harness).processElement2(new StreamRecord<>(event("", ReleaseEvent.Action.FORGET, 1)));
      endReleases(harness);
      snapshot = harness.snapshot(1, 1);
    }
    try (var harness = restored(harness(new FakeServing(FREE)), snapshot)) {
      ask(harness, 0, 1);
      endRequests(harness);
      assertNull(harness.extractOutputValues().get(0).answer().release());
    }
  }

  /** Or what a trainer publishes that has not read the order, or is fenced off, would serve. */
  @Test
  void restore_orderAfterATrainersRelease_knowsOfBothAsBefore() throws Exception {
    OperatorSubtaskState snapshot;
    try (var harness = opened(harness(new FakeServing(FREE)))) {
      ReleaseEvent published = event("second", ReleaseEvent.Action.PUBLISH, 0).withEpoch(7);
      ReleaseEvent order = event("first", ReleaseEvent.Action.ROLLBACK, 1);
      input(harness).processElement2(new StreamRecord<>(published));
      input(harness).processElement2(new StreamRecord<>(order));
      endReleases(harness);
      snapshot = harness.snapshot(1, 1);
    }
    List<ReleaseEvent> events = new ArrayList<>();
    FakeServing serving =
        new FakeServing(FREE) {
          @Override
          public CompletableFuture<SwapResult> restore(ReleaseEvent event, long readMillis) {
            events.add(event);
            return super.restore(event, readMillis);
          }
        };
    try (var unused = restored(harness(serving), snapshot)) {
      assertEquals(1, events.size());
      assertEquals(7, events.get(0).epoch());
      assertEquals(1L, events.get(0).read());
    }
  }

  @Test
  void restore_sharedDomainAndThatOfATenantNamedNull_bothServeOn() throws Exception {
    ReleaseEvent own = event("own", ReleaseEvent.Action.PUBLISH, 1);
    OperatorSubtaskState snapshot;
    try (var harness = opened(harness(new FakeServing(FREE)))) {
      release(harness, "shared", 0);
      input(harness).processElement2(new StreamRecord<>(ofTenant("null", own)));
      endReleases(harness);
      snapshot = harness.snapshot(1, 1);
    }
    FakeServing serving = new FakeServing(FREE);
    try (var harness = restored(harness(serving), snapshot)) {
      assertEquals(List.of("own", "shared"), serving.switched().stream().sorted().toList());
    }
  }

  @Test
  void restore_whatIsOnTrialIsLost_startsAndSaysSo() throws Exception {
    OperatorSubtaskState snapshot;
    try (var harness = opened(harness(new FakeServing(FREE)))) {
      release(harness, "first", 0);
      endReleases(harness);
      snapshot = harness.snapshot(1, 1);
    }
    FakeServing serving = new FakeServing(FREE);
    serving.lose("first", "release-unreadable: the store is away");
    try (var harness = restored(harness(serving), snapshot)) {
      ask(harness, 0, 1);
      endRequests(harness);
      assertEquals(1, harness.extractOutputValues().size());
      assertEquals("release-unreadable", rejected(harness).get(0).reason());
    }
  }

  private static AbstractStreamOperatorTestHarness<KeyedAnswer> harness(FakeServing serving)
      throws Exception {
    return harness(serving, 1, 0);
  }

  private static AbstractStreamOperatorTestHarness<KeyedAnswer> harness(
      FakeServing serving, Beginning beginning) throws Exception {
    return harness(ServeOperatorFactory.of(serving.opener(), LIMITS, beginning), 1, 0);
  }

  private static AbstractStreamOperatorTestHarness<KeyedAnswer> harness(
      FakeServing serving, ServeConfig limits) throws Exception {
    return harness(serving, limits, 1, 0);
  }

  private static AbstractStreamOperatorTestHarness<KeyedAnswer> harness(
      FakeServing serving, int parallelism, int subtask) throws Exception {
    return harness(serving, LIMITS, parallelism, subtask);
  }

  private static AbstractStreamOperatorTestHarness<KeyedAnswer> harness(
      FakeServing serving, ServeConfig limits, int parallelism, int subtask) throws Exception {
    return harness(serving.opener(), limits, parallelism, subtask);
  }

  private static AbstractStreamOperatorTestHarness<KeyedAnswer> harness(
      Opener<Serving> opener, ServeConfig limits, int parallelism, int subtask) throws Exception {
    return harness(ServeOperatorFactory.of(opener, limits), parallelism, subtask);
  }

  private static AbstractStreamOperatorTestHarness<KeyedAnswer> harness(
      ServeOperatorFactory factory, int parallelism, int subtask) throws Exception {
    var harness =
        new AbstractStreamOperatorTestHarness<>(factory, MAX_PARALLELISM, parallelism, subtask);
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
      ask(harness, null, request(i));
    }
  }

  private static void ask(
      AbstractStreamOperatorTestHarness<KeyedAnswer> harness, @Nullable String key, Request request)
      throws Exception {
    byte[] bytes = key == null ? null : key.getBytes(StandardCharsets.UTF_8);
    input(harness).processElement1(new StreamRecord<>(new KeyedRequest(bytes, request)));
  }

  private static byte[] keyOf(AbstractStreamOperatorTestHarness<KeyedAnswer> harness, String id) {
    return harness.extractOutputValues().stream()
        .filter(a -> a.answer().request().equals(id))
        .map(a -> Objects.requireNonNull(a.key()))
        .findFirst()
        .orElseThrow();
  }

  private static void release(
      AbstractStreamOperatorTestHarness<KeyedAnswer> harness, String id, long offset)
      throws Exception {
    input(harness)
        .processElement2(new StreamRecord<>(event(id, ReleaseEvent.Action.PUBLISH, offset)));
  }

  private static ReleaseEvent event(String id, ReleaseEvent.Action action, long offset) {
    return StreamRecords.event("cloud", action, id, offset, offset);
  }

  private static ReleaseEvent ofTenant(String tenant, ReleaseEvent event) {
    return new ReleaseEvent(
        tenant,
        event.domain(),
        event.kind(),
        event.action(),
        event.release(),
        event.uri(),
        event.parent(),
        event.batch(),
        event.reason(),
        event.origin());
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
    return harness.extractOutputValues().stream()
        .map(a -> a.answer().request())
        .collect(Collectors.toCollection(ArrayList::new));
  }

  private static List<Rejection> rejected(AbstractStreamOperatorTestHarness<KeyedAnswer> harness) {
    var records = harness.getSideOutput(Outputs.REJECTED);
    return records == null
        ? List.of()
        : records.stream().map(StreamRecord::getValue).map(Objects::requireNonNull).toList();
  }
}
