package dev.millrace.job.operator.serve;

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
import dev.millrace.job.operator.GoldenState;
import dev.millrace.job.operator.KeyedRequest;
import dev.millrace.job.operator.Opened;
import dev.millrace.job.operator.Opener;
import dev.millrace.job.operator.Outputs;
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
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
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
      harness.ask(0, 1);
      harness.runOneMail();
      assertEquals(ids(0, 1), harness.answered());
    }
  }

  @Test
  void processElement1_askedForChunks_theyLeaveBesideTheAnswers() throws Exception {
    try (var harness = opened(harness(new FakeServing(FREE)))) {
      harness.ask(null, request(0));
      harness.ask(null, streamed(request(1)));
      harness.endRequests();
      assertEquals(ids(0, 2), harness.answered());
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
      harness.ask(0, 2);
      assertEquals(ids(0, 2), serving.running());
      harness.ask(2, 5);
      assertEquals(ids(0, 3), serving.running());
      serving.permits.release();
      harness.runOneMail();
      assertEquals(ids(0, 1), harness.answered());
      assertEquals(ids(1, 4), serving.running());
    }
  }

  @Test
  void processElement1_waitingForAColdRelease_takesNoPlaceOfOthers() throws Exception {
    FakeServing serving = new FakeServing(FREE);
    try (var harness = opened(harness(serving))) {
      for (int i = 0; i < 4; i++) {
        harness.ask(null, cold(i));
      }
      harness.ask(4, 6);
      while (harness.answered().size() < 2) {
        harness.runOneMail();
      }
      assertEquals(ids(4, 6), harness.answered());
      assertEquals(ids(0, 4), serving.running());
      serving.fetched();
      harness.endRequests();
      assertEquals(ids(0, 6), harness.answered().stream().sorted().toList());
    }
  }

  /** Else who asks for what a slow store holds would have all others refused. */
  @Test
  void processElement1_queueFullOfOneTenantsColdReleases_theNewestGivesWayToAnother()
      throws Exception {
    FakeServing serving = new FakeServing(FREE);
    try (var harness = opened(harness(serving))) {
      for (int i = 0; i < LIMITS.queue(); i++) {
        harness.ask(null, cold(i));
      }
      while (serving.fetching().size() < LIMITS.queue()) {
        harness.runOneMail();
      }
      harness.ask(null, fromTenant("small", request(6)));
      assertEquals(ids(5, 6), harness.answered());
      while (harness.answered().size() < 2) {
        harness.runOneMail();
      }
      assertEquals(List.of("request-5", "request-6"), harness.answered());
      assertEquals(ids(0, 5), serving.running());
      serving.fetched();
      harness.endRequests();
      assertEquals(ids(0, 7), harness.answered().stream().sorted().toList());
    }
  }

  /** Whoever was told that it is refused would take what follows for another answer. */
  @Test
  void processElement1_refusedWhenItsAnswerHasBegun_noChunkFollows() throws Exception {
    FakeServing serving = new FakeServing(FREE);
    try (var harness = opened(harness(serving))) {
      for (int i = 0; i < LIMITS.queue() - 1; i++) {
        harness.ask(null, cold(i));
      }
      harness.ask(null, streamed(cold(5)));
      while (serving.fetching().size() < LIMITS.queue()) {
        harness.runOneMail();
      }
      harness.ask(null, fromTenant("small", request(6)));
      assertEquals(ids(5, 6), harness.answered());
      serving.fetched();
      harness.endRequests();
      assertEquals(ids(0, 7), harness.answered().stream().sorted().toList());
      assertNull(harness.getSideOutput(Outputs.CHUNKS), "it was refused");
    }
  }

  /** Else it would wait for its turn, and take the room of those that still want an answer. */
  @Test
  void processElement1_deadlinePassesInTheQueue_goesToTheResponderOutOfTurn() throws Exception {
    FakeServing serving = new FakeServing(0);
    try (var harness = opened(harness(serving))) {
      harness.ask(0, 4);
      harness.ask(null, request(4).toBuilder().deadlineMillis(1000).build());
      harness.setProcessingTime(1000);
      assertEquals(ids(0, 3), serving.running());
      harness.setProcessingTime(1001);
      assertEquals(List.of("request-0", "request-1", "request-2", "request-4"), serving.running());
      serving.permits.release(FREE);
      harness.endRequests();
      assertEquals(ids(0, 5), harness.answered().stream().sorted().toList());
    }
  }

  @Test
  void processElement1_deadlinePassesAfterTheAnswer_isAnsweredOnce() throws Exception {
    FakeServing serving = new FakeServing(0);
    try (var harness = opened(harness(serving))) {
      harness.ask(0, 4);
      for (long i = 4; i < 7; i++) {
        harness.ask(null, request(i).toBuilder().deadlineMillis(1000).build());
      }
      harness.ask(null, cancelling("c4", null, "request-4"));
      assertEquals(List.of("request-6", "request-4", "c4"), harness.answered());
      harness.setProcessingTime(1001);
      serving.permits.release(FREE);
      harness.endRequests();
      assertEquals(
          Stream.concat(Stream.of("c4"), ids(0, 7).stream()).toList(),
          harness.answered().stream().sorted().toList());
    }
  }

  @Test
  void processElement1_underOneKey_answersLeaveInOrderAndOthersOvertake() throws Exception {
    FakeServing serving = new FakeServing(0);
    try (var harness = opened(harness(serving))) {
      harness.ask("key", request(0));
      harness.ask("key", known(1));
      harness.ask("other", known(2));
      harness.ask("key", request(3));
      harness.ask("other", request(4));
      assertEquals(ids(2, 3), harness.answered());
      serving.permits.release(FREE);
      harness.endRequests();
      List<String> answered = harness.answered();
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
      harness.ask("1", fromTenant("slow", request(0)));
      harness.ask("1", fromTenant("quick", known(1)));
      assertEquals(ids(1, 2), harness.answered());
      harness.ask("1", fromTenant("slow", known(2)));
      assertEquals(ids(1, 2), harness.answered());
      serving.permits.release(FREE);
      harness.endRequests();
      assertEquals(List.of("request-1", "request-0", "request-2"), harness.answered());
    }
  }

  @Test
  void processElement1_queueFull_refusesWithTheNumbersAndHoldsTheRest() throws Exception {
    FakeServing serving = new FakeServing(0);
    try (var harness = opened(harness(serving))) {
      harness.ask(0, 8);
      assertEquals(ids(6, 8), harness.answered());
      assertEquals(
          "overloaded: 7 places would be taken, expected at most 6; 7 of them by this tenant,"
              + " expected at most 3 beside others",
          harness.answer(0).error());
      serving.permits.release(FREE);
      harness.endRequests();
      assertEquals(ids(0, 8), harness.answered().stream().sorted().toList());
    }
  }

  @Test
  void processElement1_overItsShareByALargePrompt_isRefusedWithTheRoomThatItWouldTake()
      throws Exception {
    FakeServing serving = new FakeServing(0);
    String prompt = "é".repeat(3 * Limits.PROMPT_BYTES / 2);
    Request large = Request.builder("large", Request.Task.SCORE, prompt).domain("cloud").build();
    try (var harness = opened(harness(serving))) {
      harness.ask(null, fromTenant("small", request(0)));
      harness.ask(1, 2);
      harness.ask(null, large);
      assertEquals(List.of("large"), harness.answered());
      assertEquals(
          "overloaded: 5 places would be taken, expected at most 6; 4 of them by this tenant,"
              + " expected at most 3 beside others",
          harness.answer(0).error());
      serving.permits.release(FREE);
      harness.endRequests();
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
      harness.ask(null, large);
      harness.ask(0, 2);
      assertEquals(ids(1, 2), harness.answered());
      serving.permits.release(FREE);
      harness.endRequests();
    }
  }

  @Test
  void processElement1_manyEmptyStopTexts_takesTheRoomOfSeveral() throws Exception {
    FakeServing serving = new FakeServing(0);
    Request large = request(7).toBuilder().stop(Collections.nCopies(100_000, "")).build();
    try (var harness = opened(harness(serving))) {
      harness.ask(null, large);
      harness.ask(0, 1);
      assertEquals(ids(0, 1), harness.answered());
      serving.permits.release(FREE);
      harness.endRequests();
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
      harness.ask("key", request(0));
      harness.ask("key", cancels);
      OperatorSubtaskState snapshot = harness.snapshot(1, 1);
      assertTrue(snapshot.getStateSize() < 1 << 16, snapshot.getStateSize() + " bytes");
      serving.permits.release(FREE);
      harness.endRequests();
      assertEquals(List.of("request-0", "large"), harness.answered());
      assertEquals("unknown-request: none has no answer to come", harness.answer(1).error());
    }
  }

  @Test
  void processElement1_queueFull_otherTenantTakesThePlaceOfTheNewestOfWhoHoldsMost()
      throws Exception {
    FakeServing serving = new FakeServing(0);
    try (var harness = opened(harness(serving))) {
      harness.ask(0, 6);
      harness.ask(null, fromTenant("small", request(6)));
      assertEquals(ids(5, 6), harness.answered());
      serving.permits.release(FREE);
      harness.endRequests();
      List<String> answered = harness.answered();
      assertEquals(ids(0, 7), answered.stream().sorted().toList());
      // Three were running; then the tenants take turns.
      assertEquals(List.of("request-3", "request-6", "request-4"), answered.subList(4, 7));
    }
  }

  @Test
  void processElement1_queueFullAndPatient_inputWaits() throws Exception {
    try (var harness = opened(harness(new FakeServing(FREE), PATIENT))) {
      harness.ask(0, 20);
      assertTrue(harness.answered().size() >= 20 - PATIENT.queue());
      harness.endRequests();
      assertEquals(ids(0, 20), harness.answered());
      harness.extractOutputValues().forEach(a -> assertNull(a.answer().error()));
    }
  }

  @Test
  void processElement1_patientAndOneTenantOverItsShare_nothingIsRefused() throws Exception {
    FakeServing serving = new FakeServing(0);
    try (var harness = opened(harness(serving, PATIENT))) {
      harness.ask(null, fromTenant("small", request(0)));
      harness.ask(1, 6);
      assertEquals(List.of(), harness.answered());
      serving.permits.release(FREE);
      harness.endRequests();
      assertEquals(ids(0, 6), harness.answered().stream().sorted().toList());
      harness.extractOutputValues().forEach(a -> assertNull(a.answer().error()));
    }
  }

  @Test
  void cancel_patientAndMoreThanTheLineHolds_nothingIsRefused() throws Exception {
    try (var harness = opened(harness(new FakeServing(FREE), PATIENT))) {
      harness.ask("key", request(0));
      for (int i = 0; i < 2 * PATIENT.queue(); i++) {
        harness.ask("key", cancelling("c" + i, null, "none"));
      }
      harness.endRequests();
      assertEquals(1 + 2 * PATIENT.queue(), harness.answered().size());
      harness
          .extractOutputValues()
          .forEach(a -> assertFalse(a.toString().contains("overloaded"), a.toString()));
    }
  }

  @Test
  void cancel_queueWithoutBound_findsItsRequest() throws Exception {
    for (WhenFull whenFull : WhenFull.values()) {
      try (var harness = opened(harness(new FakeServing(0), limits(whenFull, Integer.MAX_VALUE)))) {
        harness.ask(0, 4);
        harness.ask(null, cancelling("c3", null, "request-3"));
        assertEquals(List.of("request-3", "c3"), harness.answered());
        assertEquals("cancelled: by c3", harness.answer(0).error());
      }
    }
  }

  @Test
  void cancel_waitingAndRunning_areAnsweredWithTheReasonBeforeTheirCancellers() throws Exception {
    FakeServing serving = new FakeServing(0);
    try (var harness = opened(harness(serving))) {
      harness.ask(0, 4);
      harness.ask(null, cancelling("c0", null, "request-0"));
      harness.ask(null, cancelling("c3", null, "request-3"));
      assertEquals(List.of("request-3", "c3"), harness.answered());
      harness.runOneMail();
      assertEquals(List.of("request-3", "c3", "request-0", "c0"), harness.answered());
      assertEquals("cancelled: by c0", harness.answer(2).error());
      assertNull(harness.answer(3).error());
      harness.ask(null, cancelling("c0again", null, "request-0"));
      assertEquals("unknown-request: request-0 has no answer to come", harness.answer(4).error());
      serving.permits.release(FREE);
      harness.endRequests();
      assertEquals(ids(1, 3), harness.answered().subList(5, 7));
    }
  }

  @Test
  void cancel_otherTenantOrOtherKey_cancelsNothing() throws Exception {
    FakeServing serving = new FakeServing(0);
    try (var harness = opened(harness(serving))) {
      harness.ask(0, 1);
      harness.ask("key", request(1));
      harness.ask(null, cancelling("stranger", "rival", "request-0"));
      harness.ask("other", cancelling("elsewhere", null, "request-1"));
      serving.permits.release(FREE);
      harness.endRequests();
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
      harness.ask(0, 2);
      harness.ask(null, cancelling("c", null, "request-0"));
      snapshot = harness.snapshot(1, 1);
    }
    try (var harness = restored(harness(new FakeServing(FREE)), snapshot)) {
      harness.endRequests();
      assertEquals(List.of("request-0", "c", "request-1"), harness.answered());
      assertEquals("cancelled: by c", harness.answer(0).error());
    }
  }

  @Test
  void restore_requestsWithoutAnswer_areAnsweredOnceByWhatServedBefore() throws Exception {
    OperatorSubtaskState snapshot;
    try (var harness = opened(harness(new FakeServing(1)))) {
      release(harness, "first", 0);
      harness.runOneMail();
      harness.ask(0, 1);
      harness.runOneMail();
      harness.ask(1, 7);
      snapshot = harness.snapshot(1, 1);
      assertEquals(ids(0, 1), harness.answered());
    }
    try (var harness = restored(harness(new FakeServing(FREE)), snapshot)) {
      harness.endRequests();
      assertEquals(ids(1, 7), harness.answered());
      harness.extractOutputValues().forEach(a -> assertEquals("first", a.answer().release()));
    }
  }

  @Test
  void restore_scaledIn_everyRequestIsAnsweredOnce() throws Exception {
    OperatorSubtaskState[] snapshots = new OperatorSubtaskState[2];
    for (int subtask = 0; subtask < 2; subtask++) {
      try (var harness = opened(harness(new FakeServing(0), 2, subtask))) {
        release(harness, "first", 0);
        harness.runOneMail();
        harness.ask(4L * subtask, 4L * subtask + 4);
        snapshots[subtask] = harness.snapshot(1, 1);
      }
    }
    try (var harness = harness(new FakeServing(FREE))) {
      harness.initializeState(
          AbstractStreamOperatorTestHarness.repartitionOperatorState(
              AbstractStreamOperatorTestHarness.repackageState(snapshots),
              ServeHarness.MAX_PARALLELISM,
              2,
              1,
              0));
      harness.open();
      harness.endRequests();
      assertEquals(ids(0, 8), harness.answered().stream().sorted().toList());
      harness.extractOutputValues().forEach(a -> assertEquals("first", a.answer().release()));
    }
  }

  @Test
  void restore_scaledOut_eachKeyGoesOnInItsOrderWhereItsRequestsGoNow() throws Exception {
    OperatorSubtaskState snapshot;
    try (var harness = opened(harness(new FakeServing(0)))) {
      for (int i = 0; i < 6; i++) {
        harness.ask("key " + i % 3, request(i));
      }
      snapshot = harness.snapshot(1, 1);
    }
    List<String> all = new ArrayList<>();
    for (int subtask = 0; subtask < 2; subtask++) {
      try (var harness = harness(new FakeServing(FREE), 2, subtask)) {
        harness.initializeState(
            AbstractStreamOperatorTestHarness.repartitionOperatorState(
                snapshot, ServeHarness.MAX_PARALLELISM, 1, 2, subtask));
        harness.open();
        harness.endRequests();
        List<String> here = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
          ByteBuffer key = ByteBuffer.wrap(("key " + i % 3).getBytes(StandardCharsets.UTF_8));
          if (KeyedRequest.subtask(key.hashCode(), 2) == subtask) {
            here.add("request-" + i);
          }
        }
        assertEquals(here, harness.answered());
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
        harness.runOneMail();
        if (subtask == 0) {
          serving.hold("second", never);
        }
        release(harness, "second", 1);
        if (subtask == 1) {
          harness.runOneMail();
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
                both, ServeHarness.MAX_PARALLELISM, 2, subtasks, subtask));
        harness.open();
        harness.ask(0, 1);
        harness.endRequests();
        assertEquals("second", harness.answer(0).release());
        harness.endReleases();
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
        harness.endReleases();
        snapshots[subtask] = harness.snapshot(1, 1);
      }
    }
    OperatorSubtaskState both = AbstractStreamOperatorTestHarness.repackageState(snapshots);
    for (int subtask = 0; subtask < 2; subtask++) {
      FakeServing serving = new FakeServing(FREE);
      try (var harness = harness(serving, 2, subtask)) {
        harness.initializeState(
            AbstractStreamOperatorTestHarness.repartitionOperatorState(
                both, ServeHarness.MAX_PARALLELISM, 2, 2, subtask));
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
        harness.endReleases();
        rejections.addAll(harness.rejected());
        snapshot = harness.snapshot(1, 1);
      }
      try (var harness = restored(harness(new FakeServing(FREE, "broken"), 2, subtask), snapshot)) {
        harness.ask(0, 1);
        harness.endRequests();
        rejections.addAll(harness.rejected());
        assertEquals("first", harness.answer(0).release());
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
        harness.follow(event("older", ReleaseEvent.Action.FORGET, 1));
        harness.endReleases();
        Rejection rejection = harness.rejected().get(0);
        assertEquals(reason, rejection.reason());
        assertEquals(detail, rejection.detail());
        assertEquals("older", rejection.id());
        snapshot = harness.snapshot(1, 1);
      }
      try (var harness = restored(harness(new FakeServing(FREE), 2, subtask), snapshot)) {
        harness.ask(0, 1);
        harness.endRequests();
        assertEquals("older", harness.answer(0).release());
        assertEquals(List.of(), harness.rejected());
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
      harness.ask(0, 1);
      harness.endRequests();
      assertEquals("first", harness.answer(0).release());
      harness.follow(first);
      assertEquals(List.of("first"), serving.switched());
      snapshot = harness.snapshot(1, 1);
    }
    FakeServing restarted = new FakeServing(FREE);
    try (var harness = restored(harness(restarted, beginning), snapshot)) {
      harness.follow(second);
      harness.follow(back);
      assertEquals(List.of("first"), restarted.switched());
      release(harness, "third", 3);
      release(harness, "anew", 0); // the topic was made anew
      harness.endReleases();
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
          List.of("wrong", "second"), harness.rejected().stream().map(Rejection::id).toList());
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
        harness.runOneMail();
        serving.unheard("second");
        harness.follow(event("second", action, 1));
        while (!serving.switched().contains("second")) {
          harness.runOneMail();
        }
        harness.ask(0, 1);
        harness.endRequests();
        assertEquals("second", harness.answer(0).release());
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
      harness.follow(rollback);
      publish(harness, "legal", ReleaseEvent.Kind.ADAPTER, "other", 2);
      publish(harness, "cloud", ReleaseEvent.Kind.ALIGNMENT, "alignment", 3);
      assertEquals(List.of("first", "alignment"), serving.staged());
      until.complete(null);
      harness.endReleases();
      assertEquals(List.of("alignment", "first", "second", "other"), serving.switched());
    }
  }

  private static void publish(
      ServeHarness harness, String domain, ReleaseEvent.Kind kind, String id, long offset)
      throws Exception {
    ReleaseEvent event =
        StreamRecords.event(domain, kind, ReleaseEvent.Action.PUBLISH, id, null, 1, offset);
    harness.follow(event);
  }

  @Test
  void processElement2_publicationCannotBeReadNow_isTriedAgainAlsoAfterARestart() throws Exception {
    OperatorSubtaskState snapshot;
    FakeServing serving = new FakeServing(FREE);
    try (var harness = opened(harness(serving, 2, 1))) {
      release(harness, "first", 0);
      serving.takeAway("second");
      release(harness, "second", 1);
      harness.endReleases();
      Rejection rejection = harness.rejected().get(0);
      assertEquals("release-unreadable", rejection.reason());
      assertEquals("second", rejection.id());
      harness.setProcessingTime(5_000);
      harness.runOneMail();
      assertEquals(List.of("first"), serving.switched());
      snapshot = harness.snapshot(1, 1);
      serving.bringBack("second");
      harness.setProcessingTime(10_000);
      harness.runOneMail();
      assertEquals(List.of("first", "second"), serving.switched());
      assertEquals(1, harness.rejected().size());
      harness.setProcessingTime(15_000);
      assertEquals(List.of("first", "second"), serving.switched());
    }
    FakeServing restarted = new FakeServing(FREE);
    try (var harness = restored(harness(restarted, 2, 1), snapshot)) {
      harness.runOneMail();
      assertEquals(List.of("first", "second"), restarted.switched());
    }
  }

  @Test
  void processElement2_manyPublicationsCannotBeRead_areTriedOneAtATime() throws Exception {
    FakeServing serving = new FakeServing(FREE);
    try (var harness = opened(harness(serving))) {
      for (int i = 0; i < 3; i++) {
        serving.takeAway("r" + i);
        harness.follow(StreamRecords.event("d" + i, ReleaseEvent.Action.PUBLISH, "r" + i, 0, i));
        harness.runOneMail();
      }
      serving.bringBack("r1");
      harness.setProcessingTime(5_000);
      harness.runOneMail(); // r0
      assertEquals(List.of(), serving.switched());
      harness.setProcessingTime(10_000);
      harness.runOneMail();
      assertEquals(List.of("r1"), serving.switched());
      harness.runOneMail(); // r2 at once
      serving.bringBack("r0");
      serving.bringBack("r2");
      harness.setProcessingTime(15_000);
      harness.runOneMail();
      harness.runOneMail();
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
      harness.endReleases();
      harness.follow(event("first", ReleaseEvent.Action.ROLLBACK, 2));
      serving.bringBack("second");
      harness.setProcessingTime(5_000); // the order is not settled yet
      assertEquals(List.of("first"), serving.switched());
      harness.runOneMail();
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
      harness.follow(trial);
      harness.endReleases();
      serving.bringBack("second");
      harness.setProcessingTime(5_000);
      harness.runOneMail();
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
        harness.follow(base);
        harness.endReleases();
        Rejection rejection = harness.rejected().get(0);
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
      harness.runOneMail();
      serving.takeAway("second");
      release(harness, "second", 0);
      harness.runOneMail();
      snapshot = harness.snapshot(1, 1);
      serving.bringBack("second");
      harness.setProcessingTime(5_000);
      harness.runOneMail();
      assertEquals(List.of("first", "second"), serving.switched());
    }
    FakeServing restarted = new FakeServing(FREE);
    try (var harness = restored(harness(restarted), snapshot)) {
      harness.runOneMail();
      assertEquals(List.of("first", "second"), restarted.switched());
    }
  }

  @Test
  void processElement2_domainForgotten_staysForgottenAfterRestore() throws Exception {
    OperatorSubtaskState snapshot;
    try (var harness = opened(harness(new FakeServing(FREE)))) {
      release(harness, "first", 0);
      harness.follow(event("", ReleaseEvent.Action.FORGET, 1));
      harness.endReleases();
      snapshot = harness.snapshot(1, 1);
    }
    try (var harness = restored(harness(new FakeServing(FREE)), snapshot)) {
      harness.ask(0, 1);
      harness.endRequests();
      assertNull(harness.answer(0).release());
    }
  }

  /** Notes what it is to go on from. */
  private static FakeServing restoring(List<ReleaseEvent> events) {
    return new FakeServing(FREE) {
      @Override
      public CompletableFuture<SwapResult> restore(ReleaseEvent event, long readMillis) {
        events.add(event);
        return super.restore(event, readMillis);
      }
    };
  }

  /** Or what a trainer publishes that has not read the order, or is fenced off, would serve. */
  @Test
  void restore_orderAfterATrainersRelease_knowsOfBothAsBefore() throws Exception {
    OperatorSubtaskState snapshot;
    try (var harness = opened(harness(new FakeServing(FREE)))) {
      ReleaseEvent published = event("second", ReleaseEvent.Action.PUBLISH, 0).withEpoch(7);
      ReleaseEvent order = event("first", ReleaseEvent.Action.ROLLBACK, 1);
      harness.follow(published);
      harness.follow(order);
      harness.endReleases();
      snapshot = harness.snapshot(1, 1);
    }
    List<ReleaseEvent> events = new ArrayList<>();
    FakeServing serving = restoring(events);
    try (var unused = restored(harness(serving), snapshot)) {
      assertEquals(1, events.size());
      assertEquals(7, events.get(0).epoch());
      assertEquals(1L, events.get(0).read());
    }
  }

  /** Or a base that is released would answer in place of what it has learned again. */
  @Test
  void restore_domainThatAForgetHoldsHasLearnedAgain_isHeldAsBefore() throws Exception {
    OperatorSubtaskState snapshot;
    try (var harness = opened(harness(new FakeServing(FREE)))) {
      harness.follow(event("first", ReleaseEvent.Action.FORGET, 0).stayingPinned());
      harness.follow(event("second", ReleaseEvent.Action.PUBLISH, 1).withEpoch(7).withRead(0L));
      harness.endReleases();
      snapshot = harness.snapshot(1, 1);
    }
    List<ReleaseEvent> events = new ArrayList<>();
    FakeServing serving = restoring(events);
    try (var harness = restored(harness(serving), snapshot)) {
      assertEquals("second", events.get(0).release());
      assertTrue(events.get(0).pins());
      harness.follow(event("second", ReleaseEvent.Action.ROLLBACK, 2));
      harness.endReleases();
      snapshot = harness.snapshot(2, 2);
    }
    try (var unused = restored(harness(serving), snapshot)) {
      assertFalse(events.get(1).pins());
    }
  }

  @Test
  void restore_sharedDomainAndThatOfATenantNamedNull_bothServeOn() throws Exception {
    ReleaseEvent own = event("own", ReleaseEvent.Action.PUBLISH, 1);
    OperatorSubtaskState snapshot;
    try (var harness = opened(harness(new FakeServing(FREE)))) {
      release(harness, "shared", 0);
      harness.follow(StreamRecords.ofTenant("null", own));
      harness.endReleases();
      snapshot = harness.snapshot(1, 1);
    }
    FakeServing serving = new FakeServing(FREE);
    try (var harness = restored(harness(serving), snapshot)) {
      assertEquals(List.of("own", "shared"), serving.switched().stream().sorted().toList());
    }
  }

  /** No release is read before somebody asks for it. */
  @Test
  void restore_whatAnsweredIsLost_saysSoWhenItIsAskedFor() throws Exception {
    OperatorSubtaskState snapshot;
    try (var harness = opened(harness(new FakeServing(FREE)))) {
      release(harness, "first", 0);
      harness.endReleases();
      snapshot = harness.snapshot(1, 1);
    }
    FakeServing serving = new FakeServing(FREE);
    String why = "release-invalid: adapter_model.safetensors is gone";
    try (var harness = restored(harness(serving, 2, 1), snapshot)) {
      assertEquals(List.of(), harness.rejected());
      serving.findLost(event("first", ReleaseEvent.Action.PUBLISH, 0), why);
      harness.ask(0, 2);
      harness.endRequests();
      Rejection rejection = harness.rejected().get(0);
      assertEquals(
          "release-invalid first " + why,
          rejection.reason() + " " + rejection.id() + " " + rejection.detail());
      assertEquals(new Origin("releases", 0, 0), rejection.origin());
      assertEquals(1, harness.rejected().size());
    }
  }

  @Test
  void restore_whatIsOnTrialIsLost_startsAndSaysSo() throws Exception {
    OperatorSubtaskState snapshot;
    try (var harness = opened(harness(new FakeServing(FREE)))) {
      release(harness, "first", 0);
      harness.endReleases();
      snapshot = harness.snapshot(1, 1);
    }
    FakeServing serving = new FakeServing(FREE);
    serving.lose("first", "release-unreadable: the store is away");
    try (var harness = restored(harness(serving), snapshot)) {
      harness.ask(0, 1);
      harness.endRequests();
      assertEquals(1, harness.extractOutputValues().size());
      assertEquals("release-unreadable", harness.rejected().get(0).reason());
    }
  }

  @Test
  void restore_stateOfCommittedCode_answersWhatWaitedByWhatWasLiveAndGoesOn() throws Exception {
    OperatorSubtaskState committed = GoldenState.of("serve", ServeOperatorTest::written);
    FakeServing serving = new FakeServing(FREE);
    serving.takeAway("away");
    try (var harness = restored(harness(serving), committed)) {
      harness.endReleases();
      harness.endRequests();
      assertEquals(ids(0, 3), harness.answered().stream().sorted().toList());
      assertEquals("first", harness.answer(0).release());
      assertEquals("key", new String(keyOf(harness, "request-0"), StandardCharsets.UTF_8));
      serving.bringBack("away");
      harness.setProcessingTime(5_000);
      harness.runOneMail();
      assertEquals(List.of("first", "away"), serving.switched());
    }
  }

  /** It was passed over, with the requests that waited in it, and nobody knew. */
  @Test
  void initializeState_stateThatIsNotKnown_isRefusedByName() throws Exception {
    OperatorSubtaskState another = GoldenState.committed("learn");
    try (var harness = harness(new FakeServing(FREE))) {
      String said =
          assertThrows(IllegalStateException.class, () -> restored(harness, another)).getMessage();
      assertTrue(said.startsWith("state has [epoch, precision, submitted], expected no"), said);
    }
  }

  /** Requests wait, a release is live, and another cannot be read. */
  private static OperatorSubtaskState written() throws Exception {
    FakeServing serving = new FakeServing(0);
    serving.takeAway("away");
    try (var harness = opened(harness(serving))) {
      release(harness, "first", 2);
      harness.runOneMail();
      release(harness, "away", 3);
      harness.runOneMail();
      harness.ask("key", request(0));
      harness.ask(1, 3);
      return harness.snapshot(1, 1);
    }
  }

  private static ServeHarness harness(FakeServing serving) throws Exception {
    return harness(serving, 1, 0);
  }

  private static ServeHarness harness(FakeServing serving, Beginning beginning) throws Exception {
    return new ServeHarness(ServeOperatorFactory.of(serving.opener(), LIMITS, beginning), 1, 0);
  }

  private static ServeHarness harness(FakeServing serving, ServeConfig limits) throws Exception {
    return harness(serving.opener(), limits, 1, 0);
  }

  private static ServeHarness harness(FakeServing serving, int parallelism, int subtask)
      throws Exception {
    return harness(serving.opener(), LIMITS, parallelism, subtask);
  }

  private static ServeHarness harness(
      Opener<Serving> opener, ServeConfig limits, int parallelism, int subtask) throws Exception {
    return new ServeHarness(ServeOperatorFactory.of(opener, limits), parallelism, subtask);
  }

  private static byte[] keyOf(ServeHarness harness, String id) {
    return harness.extractOutputValues().stream()
        .filter(a -> a.answer().request().equals(id))
        .map(a -> Objects.requireNonNull(a.key()))
        .findFirst()
        .orElseThrow();
  }

  private static void release(ServeHarness harness, String id, long offset) throws Exception {
    harness.follow(event(id, ReleaseEvent.Action.PUBLISH, offset));
  }

  private static ReleaseEvent event(String id, ReleaseEvent.Action action, long offset) {
    return StreamRecords.event("cloud", action, id, offset, offset);
  }

  private static List<String> ids(long from, long to) {
    return LongStream.range(from, to).mapToObj(i -> "request-" + i).toList();
  }
}
