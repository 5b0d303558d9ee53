package dev.millrace.job.operator.learn;

import static dev.millrace.job.operator.Streams.batch;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.adapter.train.TrainPrecision;
import dev.millrace.job.StreamRecords;
import dev.millrace.job.embedded.RefusedState;
import dev.millrace.job.operator.GoldenState;
import dev.millrace.job.operator.Opened;
import dev.millrace.job.operator.Outputs;
import dev.millrace.model.base.Foreground;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.Verdict;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.tasks.mailbox.Mail;
import org.apache.flink.streaming.util.AbstractStreamOperatorTestHarness;
import org.apache.flink.util.ExceptionUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(180)
class LearnOperatorTest {

  private static final int FREE = 1000;
  private static final int MAX_PARALLELISM = 8;

  @Test
  void endInput_batchesOfTwoDomains_learnsEachInItsOrder() throws Exception {
    try (var harness = opened(new LineageLearner(FREE))) {
      harness.processElement(batch("cloud", 0), 0);
      harness.processElement(batch("health", 0), 0);
      harness.processElement(batch("cloud", 1), 0);
      harness.endInput();
      assertEquals(List.of("cloud 0", "health 0", "cloud 1"), verdicts(harness));
      assertEquals(List.of("cloud[0, 1]", "health[0, 1]", "cloud[0, 1, 2, 3]"), releases(harness));
    }
  }

  @Test
  void processElement_whileAnswersAreComputedInTheProcess_trainingPauses() throws Exception {
    LineageLearner learner = new LineageLearner(1);
    try (var harness = opened(learner)) {
      Foreground.Answerer answerer = Foreground.ofProcess().answerer();
      answerer.computing(true);
      try {
        harness.processElement(batch("cloud", 0), 0);
        while (learner.permits.availablePermits() > 0) {
          Thread.onSpinWait();
        }
        Thread.sleep(20);
        assertEquals(0, learner.learned.get());
      } finally {
        answerer.computing(false);
      }
      harness.endInput();
      assertEquals(List.of("cloud 0"), verdicts(harness));
    }
  }

  @Test
  void processElement_queueFull_waitsForTheHead() throws Exception {
    try (var harness = harness(new LineageLearner(FREE), 1, 1, 0)) {
      harness.open();
      for (int i = 0; i < 5; i++) {
        harness.processElement(batch("cloud", i), 0);
      }
      assertTrue(verdicts(harness).size() >= 4, verdicts(harness).toString());
    }
  }

  @Test
  void restore_snapshotWhileLearning_learnsWhatWasPendingOnce() throws Exception {
    OperatorSubtaskState snapshot;
    LineageLearner stuck = new LineageLearner(1);
    try (var harness = opened(stuck)) {
      harness.processElement(batch("cloud", 0), 0);
      runOneMail(harness);
      harness.processElement(batch("cloud", 1), 0);
      harness.processElement(batch("health", 0), 0);
      snapshot = harness.snapshot(1, 1);
      assertEquals(List.of("cloud 0"), verdicts(harness));
    }
    try (var harness = restored(snapshot)) {
      harness.processElement(batch("cloud", 2), 0);
      harness.endInput();
      assertEquals(List.of("cloud 1", "health 0", "cloud 2"), verdicts(harness));
      assertTrue(releases(harness).contains("cloud[0, 1, 2, 3, 4, 5]"), "lineage is whole");
    }
  }

  @Test
  void snapshot_whileABatchLearns_isDoneInUnderASecondAndDoesNotWaitForIt() throws Exception {
    LineageLearner stuck = new LineageLearner(0);
    try (var harness = opened(stuck)) {
      for (int i = 0; i < 10; i++) {
        harness.processElement(batch("cloud", i), 0);
      }
      while (!stuck.busy) {
        Thread.onSpinWait();
      }
      long millis = Long.MAX_VALUE; // others use the processors too
      for (int checkpoint = 1; checkpoint <= 10 && millis >= 1_000; checkpoint++) {
        long start = System.nanoTime();
        harness.snapshot(checkpoint, checkpoint);
        millis = (System.nanoTime() - start) / 1_000_000;
      }
      assertTrue(millis < 1_000, millis + " ms");
      assertTrue(stuck.busy, "it learns on");
      assertEquals(List.of(), verdicts(harness));
    }
  }

  @Test
  void restore_inOneSubtaskOrTwo_learnersAreSettledByWhatWasFound() throws Exception {
    LineageLearner timed = new LineageLearner(FREE);
    timed.precision = TrainPrecision.ADAPTIVE_FP32;
    OperatorSubtaskState snapshot;
    try (var harness = opened(timed)) {
      snapshot = harness.snapshot(1, 1);
    }
    for (int subtasks = 1; subtasks <= 2; subtasks++) {
      for (int subtask = 0; subtask < subtasks; subtask++) {
        LineageLearner otherwise = new LineageLearner(FREE);
        otherwise.precision = TrainPrecision.ADAPTIVE;
        try (var harness = harness(otherwise, 10, subtasks, subtask)) {
          harness.initializeState(
              AbstractStreamOperatorTestHarness.repartitionOperatorState(
                  snapshot, MAX_PARALLELISM, 1, subtasks, subtask));
          harness.open();
        }
        assertEquals(TrainPrecision.ADAPTIVE_FP32, otherwise.precision);
      }
    }
  }

  @Test
  void restore_inAsManySubtasks_eachLearnerIsSettledByItsOwn() throws Exception {
    TrainPrecision[] own = {TrainPrecision.ADAPTIVE_FP32, TrainPrecision.ADAPTIVE};
    OperatorSubtaskState[] snapshots = new OperatorSubtaskState[2];
    for (int subtask = 0; subtask < 2; subtask++) {
      LineageLearner timed = new LineageLearner(FREE);
      timed.precision = own[subtask];
      try (var harness = harness(timed, 10, 2, subtask)) {
        harness.open();
        snapshots[subtask] = harness.snapshot(1, 1);
      }
    }
    OperatorSubtaskState both = AbstractStreamOperatorTestHarness.repackageState(snapshots);
    for (int subtask = 0; subtask < 2; subtask++) {
      LineageLearner restored = new LineageLearner(FREE);
      try (var harness = harness(restored, 10, 2, subtask)) {
        harness.initializeState(both);
        harness.open();
      }
      assertEquals(own[subtask], restored.precision);
    }
  }

  @Test
  void restore_scaledOut_eachPendingBatchIsLearnedInOnePlace() throws Exception {
    List<String> domains = List.of("cloud", "health", "java", "legal", "python", "chinese");
    OperatorSubtaskState snapshot;
    try (var harness = opened(new LineageLearner(0))) {
      for (String domain : domains) {
        harness.processElement(batch(domain, 0), 0);
      }
      snapshot = harness.snapshot(1, 1);
    }
    List<String> all = new ArrayList<>();
    for (int subtask = 0; subtask < 2; subtask++) {
      try (var harness = harness(new LineageLearner(FREE), 10, 2, subtask)) {
        harness.initializeState(
            AbstractStreamOperatorTestHarness.repartitionOperatorState(
                snapshot, MAX_PARALLELISM, 1, 2, subtask));
        harness.open();
        harness.endInput();
        assertFalse(verdicts(harness).isEmpty(), "subtask " + subtask + " has learned nothing");
        all.addAll(verdicts(harness));
      }
    }
    assertEquals(
        domains.stream().map(d -> d + " 0").sorted().toList(), all.stream().sorted().toList());
  }

  @Test
  void endInput_learnerFails_failsWithTheCause() throws Exception {
    LineageLearner broken = new LineageLearner(FREE);
    broken.failure = new IllegalArgumentException("disk full");
    try (var harness = opened(broken)) {
      harness.processElement(batch("cloud", 0), 0);
      Exception thrown = assertThrows(Exception.class, harness::endInput);
      assertTrue(ExceptionUtils.findThrowableWithMessage(thrown, "disk full").isPresent());
    }
  }

  @Test
  void close_whileLearning_returnsAfterTheLearnerHasStopped() throws Exception {
    LineageLearner stuck = new LineageLearner(0);
    boolean[] busyAtClose = {true};
    Opened<dev.millrace.adapter.Learner> opened =
        new Opened<>(stuck, () -> busyAtClose[0] = stuck.busy);
    try (var harness = harness((subtask, processes) -> opened, 10, 1, 0)) {
      harness.open();
      harness.processElement(batch("cloud", 0), 0);
    }
    assertFalse(busyAtClose[0]);
  }

  @Test
  void order_beforeItsBatch_isObeyedFirst() throws Exception {
    try (var harness = opened(new LineageLearner(FREE))) {
      harness.order(rollback("cloud", "early", 3));
      harness.processElement(batch("cloud", 0), 0);
      harness.endInput();
      assertEquals(List.of("cloud 0 to early", "cloud 0"), verdicts(harness));
    }
  }

  @Test
  void order_whileItsDomainLearns_whatIsLearnedIsDroppedAndLearnedFromThereAgain()
      throws Exception {
    LineageLearner learner = new LineageLearner(1);
    try (var harness = opened(learner)) {
      harness.processElement(batch("cloud", 0), 0);
      runOneMail(harness);
      harness.processElement(batch("cloud", 1), 0);
      harness.processElement(batch("health", 0), 0);
      harness.order(rollback("cloud", "early", 3));
      learner.permits.release(FREE);
      harness.endInput();
      assertEquals(
          List.of("cloud 0", "cloud 1 to early", "health 0", "cloud 1"), verdicts(harness));
      assertEquals(List.of("cloud[0, 1]", "health[0, 1]", "early, cloud[2, 3]"), releases(harness));
      assertEquals(List.of(-1L, -1L, 3L), read(harness));
    }
  }

  /** What is written last is what serves. */
  @Test
  void release_afterTheTrialOfTheOneBefore_isWrittenAfterThatIsPromoted() throws Exception {
    LineageLearner learner = new LineageLearner(FREE);
    learner.tries = true;
    try (var harness = opened(learner)) {
      harness.processElement(batch("cloud", 0), 0);
      harness.processElement(batch("cloud", 1), 0);
      harness.endInput();
      assertEquals(List.of("cloud[0, 1]", "cloud[0, 1]", "cloud[0, 1, 2, 3]"), releases(harness));
    }
  }

  /** So that serving can tell what was on its way when people ordered something. */
  @Test
  void release_afterEventsOfTrainers_saysHowFarItHadRead() throws Exception {
    try (var harness = opened(new LineageLearner(FREE))) {
      harness.order(rollback("cloud", "early", 7).withEpoch(1));
      harness.processElement(batch("cloud", 0), 0);
      harness.endInput();
      assertEquals(List.of(7L), read(harness));
    }
  }

  /** What it publishes until then knows what was to be taken back. */
  @Test
  void release_afterARefusedOrder_isOfATrainerThatHasNotReadItUntilItObeysAnother()
      throws Exception {
    try (var harness = opened(new LineageLearner(FREE))) {
      harness.processElement(batch("cloud", 0), 0);
      runOneMail(harness);
      harness.order(rollback("cloud", LineageLearner.GONE, 3));
      runOneMail(harness);
      harness.order(rollback("cloud", "its own", 5).withEpoch(1));
      harness.processElement(batch("cloud", 1), 0);
      runOneMail(harness);
      harness.order(rollback("cloud", "early", 7));
      runOneMail(harness);
      harness.processElement(batch("cloud", 2), 0);
      harness.endInput();
      assertEquals(List.of(-1L, -1L, 7L), read(harness));
    }
  }

  @Test
  void release_eventOfATrainerCameWhileAnOrderWaitedThatIsRefused_hasReadNeither()
      throws Exception {
    try (var harness = opened(new LineageLearner(FREE))) {
      harness.order(rollback("cloud", "early", 3));
      runOneMail(harness);
      harness.order(rollback("cloud", LineageLearner.GONE, 5));
      harness.order(rollback("cloud", "its own", 7).withEpoch(1));
      harness.processElement(batch("cloud", 0), 0);
      harness.endInput();
      assertEquals(List.of(3L), read(harness));
    }
  }

  /** Else nobody would follow it: who serves takes such a pin for an order that holds nobody. */
  @Test
  void release_afterARefusedPin_saysThatItWasRead() throws Exception {
    try (var harness = opened(new LineageLearner(FREE))) {
      harness.processElement(batch("cloud", 0), 0);
      runOneMail(harness);
      harness.order(rollback("cloud", LineageLearner.GONE, 3).withAction(Action.PIN));
      harness.processElement(batch("cloud", 1), 0);
      harness.endInput();
      assertEquals(List.of(-1L, 3L), read(harness));
    }
  }

  @Test
  void release_firstAfterARefusedOrder_saysThatItWasRead() throws Exception {
    try (var harness = opened(new LineageLearner(FREE))) {
      harness.order(rollback("cloud", LineageLearner.GONE, 3));
      harness.processElement(batch("cloud", 0), 0);
      harness.endInput();
      assertEquals(List.of(3L), read(harness));
    }
  }

  @Test
  void order_whileAnotherDomainLearns_dropsNothing() throws Exception {
    LineageLearner learner = new LineageLearner(0);
    try (var harness = opened(learner)) {
      harness.processElement(batch("cloud", 0), 0);
      harness.order(rollback("health", "early", 3));
      learner.permits.release(FREE);
      harness.endInput();
      assertEquals(List.of("cloud 0", "health 0 to early"), verdicts(harness));
      assertEquals(1, learner.learned.get());
    }
  }

  @Test
  void restore_orderNotObeyedYet_isObeyedBeforeAllThatIsPending() throws Exception {
    OperatorSubtaskState snapshot;
    try (var harness = opened(new LineageLearner(0))) {
      harness.processElement(batch("cloud", 0), 0);
      harness.order(rollback("cloud", "early", 3));
      snapshot = harness.snapshot(1, 1);
    }
    try (var harness = restored(snapshot)) {
      harness.endInput();
      assertEquals(List.of("cloud 0 to early", "cloud 0"), verdicts(harness));
      assertEquals(List.of("early, cloud[0, 1]"), releases(harness));
    }
  }

  @Test
  void restore_orderThatLeavesMuchToBeLearnedAgain_goesOnWhereItWasAndThenLearnsTheRest()
      throws Exception {
    OperatorSubtaskState snapshot;
    try (var harness = opened(new LineageLearner(1))) {
      harness.order(rollback("cloud", "early", 3).forgetting(List.of("a", "b", "c")));
      harness.processElement(batch("cloud", 0), 0);
      runOneMail(harness);
      runOneMail(harness);
      snapshot = harness.snapshot(1, 1);
      assertEquals(List.of("again a"), releases(harness));
    }
    try (var harness = restored(snapshot)) {
      harness.endInput();
      assertEquals(List.of("again b", "again c", "cloud[0, 1]"), releases(harness));
    }
  }

  @Test
  void order_thatLeavesMuchToBeLearnedAgain_otherDomainsHaveTheirTurns() throws Exception {
    LineageLearner learner = new LineageLearner(0);
    try (var harness = opened(learner)) {
      harness.order(rollback("cloud", "early", 3).forgetting(List.of("a", "b")));
      harness.processElement(batch("health", 0), 0);
      learner.permits.release(FREE);
      harness.endInput();
      assertEquals(List.of("health[0, 1]", "again a", "again b"), releases(harness));
    }
  }

  @Test
  void order_whileTheStoreIsAway_itsDomainWaitsOthersGoOnAndItIsObeyedOnceTheStoreIsBack()
      throws Exception {
    LineageLearner learner = new LineageLearner(FREE);
    learner.storeIsAway = true;
    try (var harness = opened(learner)) {
      harness.order(rollback("cloud", "early", 3));
      harness.processElement(batch("cloud", 0), 0);
      harness.processElement(batch("health", 0), 0);
      runOneMail(harness);
      runOneMail(harness);
      assertEquals(List.of("health 0"), verdicts(harness));
      harness.processElement(batch("health", 1), 0);
      runOneMail(harness);
      harness.order(rollback("cloud", "later", 4));
      assertEquals(List.of("health 0", "health 1"), verdicts(harness));
      assertEquals(1, learner.triedInVain.get());
      harness.setProcessingTime(LearnOperator.PAUSE_MILLIS);
      runOneMail(harness);
      assertEquals(3, learner.triedInVain.get(), "neither order can be read");
      learner.storeIsAway = false;
      harness.setProcessingTime(2 * LearnOperator.PAUSE_MILLIS);
      harness.endInput();
      assertEquals(
          List.of("health 0", "health 1", "cloud 0 to early", "cloud 0 to later", "cloud 0"),
          verdicts(harness));
    }
  }

  /** Else nothing that is ordered, nor any batch, would ever come to its turn. */
  @Test
  void order_toAReleaseThatCannotBeRead_isRefusedOnceTheOneBehindItCan() throws Exception {
    LineageLearner learner = new LineageLearner(FREE);
    try (var harness = opened(learner)) {
      harness.order(rollback("cloud", LineageLearner.UNREADABLE, 3));
      harness.processElement(batch("cloud", 0), 0);
      runOneMail(harness);
      assertEquals(List.of(), verdicts(harness));
      harness.order(rollback("cloud", "early", 4));
      harness.setProcessingTime(LearnOperator.PAUSE_MILLIS);
      harness.endInput();
      assertEquals(List.of("cloud 0 to null", "cloud 0 to early", "cloud 0"), verdicts(harness));
      assertEquals(
          "release-unreadable: the store is away: an order behind it is obeyed in its place",
          harness.extractOutputValues().get(0).rules().get(0).reason());
      assertEquals(List.of(4L), read(harness));
    }
  }

  /** Such as the same order, given again. */
  @Test
  @Timeout(60)
  void order_behindSeveralThatCannotBeRead_isObeyedInTheirPlace() throws Exception {
    LineageLearner learner = new LineageLearner(FREE);
    try (var harness = opened(learner)) {
      harness.order(rollback("cloud", LineageLearner.UNREADABLE, 3));
      harness.order(rollback("cloud", LineageLearner.UNREADABLE, 4));
      harness.order(rollback("cloud", "early", 5));
      harness.processElement(batch("cloud", 0), 0);
      runOneMail(harness);
      harness.setProcessingTime(LearnOperator.PAUSE_MILLIS);
      harness.endInput();
      assertEquals(
          List.of("cloud 0 to null", "cloud 0 to null", "cloud 0 to early", "cloud 0"),
          verdicts(harness));
      assertEquals(List.of(5L), read(harness));
    }
  }

  /** Else the domain would stay where neither wants it. */
  @Test
  void order_toAReleaseThatCannotBeRead_waitsWhereTheOneBehindItIsRefused() throws Exception {
    LineageLearner learner = new LineageLearner(FREE);
    try (var harness = opened(learner)) {
      harness.order(rollback("cloud", LineageLearner.UNREADABLE, 3));
      runOneMail(harness);
      harness.order(rollback("cloud", LineageLearner.GONE, 4));
      harness.setProcessingTime(LearnOperator.PAUSE_MILLIS);
      runOneMail(harness);
      assertEquals(2, learner.triedInVain.get());
      assertEquals(List.of(), verdicts(harness));
    }
  }

  /** What came after it may have learned what is to be forgotten. */
  @Test
  void order_toForget_isNeverPassedOver() throws Exception {
    LineageLearner learner = new LineageLearner(FREE);
    try (var harness = opened(learner)) {
      ReleaseEvent first = rollback("cloud", LineageLearner.UNREADABLE, 3);
      harness.order(first.forgetting(List.of("a")));
      harness.order(rollback("cloud", "early", 4));
      harness.order(rollback("health", LineageLearner.UNREADABLE, 5));
      harness.order(rollback("health", "early", 6).forgetting(List.of("a")));
      harness.order(rollback("health", "early", 7));
      runOneMail(harness);
      runOneMail(harness);
      harness.setProcessingTime(LearnOperator.PAUSE_MILLIS);
      runOneMail(harness);
      runOneMail(harness);
      assertEquals(4, learner.triedInVain.get());
      assertEquals(List.of(), verdicts(harness));
    }
  }

  @Test
  @Timeout(60)
  void processElement_whileManyBatchesOfADomainWaitForTheStore_othersAreLearned() throws Exception {
    LineageLearner learner = new LineageLearner(FREE);
    learner.storeIsAway = true;
    int maxPending = 2;
    int most = Turns.MOST_WAITING * maxPending;
    try (var harness = harness(learner, maxPending, 1, 0)) {
      harness.open();
      harness.order(rollback("cloud", "early", 3));
      runOneMail(harness);
      for (int i = 0; i + 1 < most; i++) {
        harness.processElement(batch("cloud", i), 0);
      }
      harness.processElement(batch("health", 0), 0);
      runOneMail(harness);
      assertEquals(List.of("health 0"), verdicts(harness));
      harness
          .getTaskMailbox()
          .put(
              new Mail(
                  () -> {
                    learner.storeIsAway = false;
                    harness.setProcessingTime(LearnOperator.PAUSE_MILLIS);
                  },
                  0,
                  "the store is back"));
      harness.processElement(batch("cloud", most - 1), 0); // waits until then
      assertFalse(learner.storeIsAway);
      harness.endInput();
      assertEquals(most + 2, verdicts(harness).size());
    }
  }

  @Test
  void restore_orderThatCouldNotBeRead_isObeyedBeforeAllThatIsPending() throws Exception {
    OperatorSubtaskState snapshot;
    LineageLearner learner = new LineageLearner(FREE);
    learner.storeIsAway = true;
    try (var harness = opened(learner)) {
      harness.order(rollback("cloud", "early", 3));
      harness.processElement(batch("cloud", 0), 0);
      runOneMail(harness);
      snapshot = harness.snapshot(1, 1);
    }
    try (var harness = restored(snapshot)) {
      harness.endInput();
      assertEquals(List.of("cloud 0 to early", "cloud 0"), verdicts(harness));
    }
  }

  @Test
  void publication_whileTheStoreIsFull_isTriedAgainAndNothingIsLearnedTwice() throws Exception {
    LineageLearner learner = new LineageLearner(FREE);
    learner.storeIsFull = true;
    try (var harness = opened(learner)) {
      harness.processElement(batch("cloud", 0), 0);
      harness.processElement(batch("cloud", 1), 0);
      runOneMail(harness);
      harness.setProcessingTime(LearnOperator.PAUSE_MILLIS);
      runOneMail(harness);
      assertEquals(2, learner.triedInVain.get());
      assertEquals(1, learner.learned.get());
      assertEquals(List.of(), verdicts(harness));
      learner.storeIsFull = false;
      harness.setProcessingTime(2 * LearnOperator.PAUSE_MILLIS);
      harness.endInput();
      assertEquals(List.of("cloud 0", "cloud 1"), verdicts(harness));
      assertEquals(List.of("cloud[0, 1]", "cloud[0, 1, 2, 3]"), releases(harness));
      assertEquals(2, learner.learned.get());
    }
  }

  @Test
  void restore_publicationThatFailed_isLearnedAgainInItsOrder() throws Exception {
    OperatorSubtaskState snapshot;
    LineageLearner full = new LineageLearner(FREE);
    full.storeIsFull = true;
    try (var harness = opened(full)) {
      harness.processElement(batch("cloud", 0), 0);
      harness.processElement(batch("cloud", 1), 0);
      runOneMail(harness);
      snapshot = harness.snapshot(1, 1);
    }
    try (var harness = restored(snapshot)) {
      harness.endInput();
      assertEquals(List.of("cloud[0, 1]", "cloud[0, 1, 2, 3]"), releases(harness));
    }
  }

  @Test
  void order_whileItsDomainsPublicationWaits_isObeyedAtOnceAndTheBatchLearnedFromThere()
      throws Exception {
    LineageLearner learner = new LineageLearner(FREE);
    learner.storeIsFull = true;
    try (var harness = opened(learner)) {
      harness.processElement(batch("cloud", 0), 0);
      runOneMail(harness);
      harness.order(rollback("cloud", "early", 3));
      runOneMail(harness);
      assertEquals(List.of("cloud 0 to early"), verdicts(harness));
      runOneMail(harness);
      assertEquals(2, learner.triedInVain.get());
      learner.storeIsFull = false;
      harness.setProcessingTime(LearnOperator.PAUSE_MILLIS);
      harness.endInput();
      assertEquals(List.of("early, cloud[0, 1]"), releases(harness));
    }
  }

  /** What they led to is kept in memory. */
  @Test
  void publication_whileThoseOfManyDomainsWait_othersAreNotLearnedUntilOneIsPublished()
      throws Exception {
    LineageLearner learner = new LineageLearner(FREE);
    learner.storeIsFull = true;
    try (var harness = harness(learner, 20, 1, 0)) {
      harness.open();
      for (int i = 0; i < Turns.MOST_UNPUBLISHED; i++) {
        harness.processElement(batch("domain" + i, 0), 0);
        runOneMail(harness);
      }
      harness.processElement(batch("one more", 0), 0);
      assertEquals(Turns.MOST_UNPUBLISHED, learner.learned.get());
      harness.order(rollback("one more", "early", 3));
      runOneMail(harness);
      assertEquals(List.of("one more 0 to early"), verdicts(harness));
      assertEquals(Turns.MOST_UNPUBLISHED, learner.learned.get());
      learner.storeIsFull = false;
      harness.setProcessingTime(LearnOperator.PAUSE_MILLIS);
      harness.endInput();
      assertEquals(Turns.MOST_UNPUBLISHED + 1, releases(harness).size());
      assertEquals(Turns.MOST_UNPUBLISHED + 1, learner.learned.get());
    }
  }

  @Test
  void order_ofALaterTrainer_thisOneFailsAndSaysWhatToDo() throws Exception {
    try (var harness = opened(new LineageLearner(FREE))) {
      ReleaseEvent later = rollback("cloud", "early", 3).withEpoch(LearnHarness.EPOCH + 3_600_000);
      FencedException e = assertThrows(FencedException.class, () -> harness.order(later));
      assertEquals(
          "domain cloud is taught by a job submitted at 1970-01-01T01:00:01Z, this one was at 1970-01-01T00:00:01Z; expected to be alone: cancel this one, or where that one is over, as its clock was ahead, submit from its state or after its time",
          e.getMessage());
    }
  }

  @Test
  void order_itsOwnAndThoseOfEarlierTrainers_arePassedOver() throws Exception {
    try (var harness = opened(new LineageLearner(FREE))) {
      harness.order(rollback("cloud", "early", 3).withEpoch(LearnHarness.EPOCH));
      harness.order(rollback("cloud", "early", 4).withEpoch(1));
      harness.processElement(batch("cloud", 0), 0);
      harness.endInput();
      assertEquals(List.of("cloud 0"), verdicts(harness));
      assertEquals(LearnHarness.EPOCH, events(harness).get(0).epoch());
    }
  }

  /** The clock that a job is submitted by may step back. */
  @Test
  void restore_submittedBeforeTheJobWhoseStateItHas_isItsSuccessorAllTheSame() throws Exception {
    OperatorSubtaskState snapshot;
    try (var harness = opened(new LineageLearner(FREE))) {
      snapshot = harness.snapshot(1, 1);
    }
    LearnerOpener learners = (s, p) -> new Opened<>(new LineageLearner(FREE), () -> {});
    for (int restored = 0; restored < 2; restored++) { // the second time by Flink
      try (var harness =
          new LearnHarness(learners, 10, MAX_PARALLELISM, 1, 0, LearnHarness.EPOCH - 1)) {
        harness.initializeState(snapshot);
        harness.open();
        snapshot = harness.snapshot(2, 2);
        harness.order(rollback("cloud", "early", 3).withEpoch(LearnHarness.EPOCH));
        harness.processElement(batch("cloud", 0), 0);
        harness.endInput();
        assertEquals(
            LearnHarness.EPOCH + 1, // so that the other one fails if it is still there
            events(harness).get(0).epoch());
      }
    }
  }

  @Test
  void restore_stateOfCommittedCode_learnsAndObeysWhatWaitedAndGoesOn() throws Exception {
    OperatorSubtaskState committed = GoldenState.of("learn", LearnOperatorTest::written);
    LineageLearner learner = new LineageLearner(FREE);
    LearnerOpener learners = (s, p) -> new Opened<>(learner, () -> {});
    try (var harness =
        new LearnHarness(learners, 10, MAX_PARALLELISM, 1, 0, LearnHarness.EPOCH - 1)) {
      harness.initializeState(committed);
      harness.open();
      runOneMail(harness); // the order that waited is tried again
      harness.order(rollback("health", "early", 8));
      harness.processElement(batch("cloud", 2), 0);
      harness.setProcessingTime(LearnOperator.PAUSE_MILLIS);
      harness.endInput();
      assertEquals(
          List.of("cloud 1", "cloud 2", "health 0 to early", "health 0 to null"),
          verdicts(harness).stream().sorted().toList());
      assertEquals(List.of("cloud[0, 1, 2, 3]", "cloud[0, 1, 2, 3, 4, 5]"), releases(harness));
      assertEquals(List.of(3L, 3L), read(harness));
      assertEquals(LearnHarness.EPOCH + 1, events(harness).get(0).epoch());
      assertEquals(TrainPrecision.BF16, learner.precision);
    }
  }

  /** Flink would pass over it, and nobody would know. */
  @Test
  void initializeState_stateThatIsNotKnown_isRefusedByName() throws Exception {
    OperatorSubtaskState another = GoldenState.committed("serve");
    try (var harness = harness(new LineageLearner(FREE), 10, 1, 0)) {
      Exception refused =
          assertThrows(IllegalStateException.class, () -> harness.initializeState(another));
      assertEquals(
          "state has [begun, live, live-in-any, loading, unanswered-of-all], expected no more than [epoch, precision, submitted]: it is of another version of Millrace",
          refused.getMessage());
      assertTrue(RefusedState.isRecognised(refused));
    }
  }

  /**
   * Of one domain a batch was learned, an order was obeyed and another refused, and a batch waits;
   * of the other an order waits.
   */
  private static OperatorSubtaskState written() throws Exception {
    LineageLearner learner = new LineageLearner(1);
    learner.precision = TrainPrecision.BF16;
    LearnerOpener learners = (s, p) -> new Opened<>(learner, () -> {});
    try (var harness = new LearnHarness(learners, 10, MAX_PARALLELISM, 1, 0, LearnHarness.EPOCH)) {
      harness.open();
      harness.order(rollback("cloud", "its own", 3).withEpoch(1));
      harness.processElement(batch("cloud", 0), 0);
      runOneMail(harness);
      harness.order(rollback("cloud", LineageLearner.GONE, 5));
      runOneMail(harness);
      harness.order(rollback("cloud", "its own", 6).withEpoch(1));
      harness.processElement(batch("cloud", 1), 0);
      harness.order(rollback("health", LineageLearner.UNREADABLE, 7));
      return harness.snapshot(1, 1);
    }
  }

  private static ReleaseEvent rollback(String domain, String release, long offset) {
    return StreamRecords.event(domain, ReleaseEvent.Action.ROLLBACK, release, 0, offset);
  }

  private static void runOneMail(AbstractStreamOperatorTestHarness<?> harness) throws Exception {
    harness.getTaskMailbox().take(0).run();
  }

  private static LearnHarness opened(LineageLearner learner) throws Exception {
    LearnHarness harness = harness(learner, 10, 1, 0);
    harness.open();
    return harness;
  }

  private static LearnHarness restored(OperatorSubtaskState snapshot) throws Exception {
    LearnHarness harness = harness(new LineageLearner(FREE), 10, 1, 0);
    harness.initializeState(snapshot);
    harness.open();
    return harness;
  }

  private static LearnHarness harness(
      LineageLearner learner, int maxPending, int parallelism, int subtask) throws Exception {
    return harness((s, p) -> new Opened<>(learner, () -> {}), maxPending, parallelism, subtask);
  }

  private static LearnHarness harness(
      LearnerOpener learners, int maxPending, int parallelism, int subtask) throws Exception {
    return new LearnHarness(learners, maxPending, MAX_PARALLELISM, parallelism, subtask);
  }

  private static List<String> verdicts(AbstractStreamOperatorTestHarness<Verdict> harness) {
    return harness.extractOutputValues().stream()
        .map(v -> v.domain() + " " + v.batch() + (v.samples() == 0 ? " to " + v.release() : ""))
        .toList();
  }

  private static List<Long> read(AbstractStreamOperatorTestHarness<Verdict> harness) {
    return events(harness).stream().map(event -> Objects.requireNonNull(event.read())).toList();
  }

  private static List<String> releases(AbstractStreamOperatorTestHarness<Verdict> harness) {
    return events(harness).stream().map(ReleaseEvent::release).toList();
  }

  private static List<ReleaseEvent> events(AbstractStreamOperatorTestHarness<Verdict> harness) {
    return Objects.requireNonNull(harness.getSideOutput(Outputs.RELEASES)).stream()
        .map(StreamRecord::getValue)
        .toList();
  }
}
