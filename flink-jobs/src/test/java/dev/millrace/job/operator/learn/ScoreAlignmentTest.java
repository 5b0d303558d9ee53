package dev.millrace.job.operator.learn;

import static dev.millrace.job.operator.Streams.opened;
import static dev.millrace.job.operator.Streams.restored;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.adapter.align.AlignmentLearner;
import dev.millrace.adapter.align.AlignmentOutcome;
import dev.millrace.adapter.align.AlignmentState;
import dev.millrace.adapter.publish.Draft;
import dev.millrace.adapter.publish.ReleaseStore;
import dev.millrace.job.LogLines;
import dev.millrace.job.StreamRecords;
import dev.millrace.job.embedded.TempDirectory;
import dev.millrace.job.operator.DomainKey;
import dev.millrace.job.operator.Opened;
import dev.millrace.job.operator.Outputs;
import dev.millrace.job.releases.StoredReleases;
import dev.millrace.model.align.AlignAdapter;
import dev.millrace.model.align.Aligner;
import dev.millrace.model.align.Places;
import dev.millrace.model.release.LearnedSample;
import dev.millrace.model.release.Manifest;
import dev.millrace.model.score.DomainMemory;
import dev.millrace.model.score.MemoryLimits;
import dev.millrace.model.score.Scored;
import dev.millrace.model.score.Scorer;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.ReleaseEvent.Kind;
import dev.millrace.schema.Sample;
import dev.millrace.schema.ScoredSample;
import dev.millrace.schema.Verdict;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Function;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.core.fs.CloseableRegistry;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.state.DefaultOperatorStateBackend;
import org.apache.flink.runtime.state.OperatorStateBackend;
import org.apache.flink.runtime.state.hashmap.HashMapStateBackend;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.tasks.mailbox.Mail;
import org.apache.flink.streaming.util.AbstractStreamOperatorTestHarness;
import org.apache.flink.streaming.util.KeyedTwoInputStreamOperatorTestHarness;
import org.apache.flink.util.function.ThrowingRunnable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What pairs teach while they are scored: exactly once, whatever is restored. */
@Timeout(180)
class ScoreAlignmentTest {

  private static final MemoryLimits LIMITS = new MemoryLimits(100, 50, 20, 1_024, 12, 10, 40);
  private static final int SAMPLES = 300;
  private static final long EPOCH = 5;

  @TempDir private Path store;

  private final List<Verdict> verdicts = new ArrayList<>();
  private final List<ReleaseEvent> events = new ArrayList<>();
  private final List<Double> ranks = new ArrayList<>();
  private String encoders = "e".repeat(64);
  private long submitted = EPOCH;

  /** What the store does before it reads or writes a release. */
  private Consumer<String> before = release -> {};

  @Test
  void processElement_restoredTwice_publishesTheSameReleasesWithoutGapOrRepeat() throws Exception {
    run(0, SAMPLES, null);
    List<ReleaseEvent> throughout = List.copyOf(events);
    List<Double> scored = List.copyOf(ranks);
    assertTrue(throughout.size() >= 4, verdicts.toString());
    events.clear();
    ranks.clear();
    OperatorSubtaskState snapshot = run(0, 107, null);
    snapshot = run(107, 211, snapshot);
    run(211, SAMPLES, snapshot);
    assertEquals(throughout, events);
    assertEquals(scored, ranks, "what was learned scores what comes");
    assertTrue(ranks.subList(200, SAMPLES).stream().mapToDouble(r -> r).average().orElse(0) > 0.5);
    assertTrue(ranks.subList(0, 60).stream().mapToDouble(r -> r).average().orElse(1) < 0.3);
    StoredReleases stored = StoredReleases.read(store);
    List<Long> taught = new ArrayList<>();
    String parent = null;
    for (ReleaseEvent event : throughout) {
      assertEquals(parent, event.parent());
      assertEquals(EPOCH, event.epoch());
      Manifest manifest = stored.manifest(event.release());
      manifest.learned().stream()
          .filter(sample -> !sample.replay())
          .map(LearnedSample::origin)
          .map(Origin::offset)
          .forEach(taught::add);
      parent = event.release();
    }
    assertEquals(taught.stream().distinct().sorted().toList(), taught);
  }

  @Test
  void processElement_restoredWithOtherEncoders_scoresByTheseAloneAndGoesOnCounting()
      throws Exception {
    OperatorSubtaskState snapshot = run(0, 160, null);
    long last = events.get(events.size() - 1).batch();
    events.clear();
    ranks.clear();
    encoders = "f".repeat(64);
    run(160, SAMPLES, snapshot);
    assertTrue(ranks.get(0) < 0.3, "the old alignment says nothing here: " + ranks.get(0));
    assertNull(events.get(0).parent());
    assertTrue(events.get(0).batch() > last, events.toString());
  }

  @Test
  void processElement2_rollback_goesOnFromThereAndSaysSo() throws Exception {
    try (var harness = opened(harness())) {
      send(harness, 0, 160);
      ReleaseEvent first = events.get(0);
      harness.processElement2(order(first, 0), 0);
      take(harness);
      Verdict verdict = verdicts.get(verdicts.size() - 1);
      assertEquals("rollback-obeyed", verdict.rules().get(0).rule());
      assertEquals(first.release(), verdict.release());
      int before = events.size();
      send(harness, 160, SAMPLES);
      assertEquals(first.release(), events.get(before).parent());
      assertEquals(33, events.get(before).read());
      assertThrows(
          FencedException.class, () -> harness.processElement2(order(first, EPOCH + 1), 0));
    }
  }

  @Test
  void processElement2_orderThatIsRefused_isNotReadUntilAnotherIsObeyed() throws Exception {
    try (var harness = opened(harness())) {
      int next = publish(harness, 0);
      ReleaseEvent first = events.get(0);
      assertEquals(-1, first.read());
      harness.processElement2(order(first.release(), first.uri(), 1, EPOCH, 40), 0); // comes back
      next = publish(harness, next);
      assertEquals(40, events.get(0).read());
      String uri = first.uri().replace(first.release(), "f".repeat(64));
      harness.processElement2(order("f".repeat(64), uri, 1, 0, 41), 0);
      take(harness);
      assertFalse(verdicts.get(verdicts.size() - 1).accepted());
      harness.processElement2(order(first.release(), first.uri(), 1, EPOCH, 42), 0);
      next = publish(harness, next);
      assertEquals(40, events.get(0).read());
      harness.processElement2(order(first.release(), first.uri(), first.batch(), 0, 43), 0);
      int unused = publish(harness, next);
      assertEquals(43, events.get(0).read());
    }
  }

  @Test
  void processElement2_eventOfATrainerWhileAnOrderWaitsThatIsRefused_hasReadNeither()
      throws Exception {
    try (var harness = opened(harness())) {
      int next = publish(harness, 0);
      ReleaseEvent first = events.get(0);
      Path away = Files.move(store, store.resolveSibling(store.getFileName() + "-away"));
      String uri = first.uri().replace(first.release(), "f".repeat(64));
      harness.processElement2(order("f".repeat(64), uri, 1, 0, 41), 0);
      harness.processElement2(order(first.release(), first.uri(), 1, EPOCH, 42), 0);
      take(harness);
      Files.move(away, store);
      pass(harness, 1);
      Verdict refused = verdicts.get(verdicts.size() - 1);
      assertEquals("rollback-obeyed", refused.rules().get(0).rule());
      assertFalse(refused.accepted());
      int unused = publish(harness, next);
      assertEquals(-1, events.get(0).read());
    }
  }

  /** Sends from a sample on until something is published; says how far it came. */
  private int publish(
      KeyedTwoInputStreamOperatorTestHarness<String, Sample, ReleaseEvent, ScoredSample> harness,
      int from)
      throws Exception {
    events.clear();
    int next = from;
    while (events.isEmpty()) {
      assertTrue(next < from + SAMPLES, verdicts::toString);
      send(harness, next, ++next);
    }
    return next;
  }

  @Test
  void processElement2_rollbackWhileTheStoreIsAway_isObeyedOnceItIsBackAlsoAfterARestart()
      throws Exception {
    OperatorSubtaskState snapshot;
    try (var harness = opened(harness())) {
      send(harness, 0, 160);
      ReleaseEvent first = events.get(0);
      int published = events.size();
      int judged = verdicts.size();
      Path away = Files.move(store, store.resolveSibling(store.getFileName() + "-away"));
      harness.processElement2(order(first, 0), 0);
      send(harness, 160, 240);
      snapshot = harness.snapshot(1, 240);
      pass(harness, 1);
      assertEquals(published, events.size());
      assertEquals(judged, verdicts.size());
      Files.move(away, store);
      pass(harness, 2);
      assertObeyed(first);
      send(harness, 240, SAMPLES);
      assertEquals(first.release(), events.get(published).parent());
    }
    verdicts.clear();
    try (var harness = restored(harness(), snapshot)) {
      take(harness);
      assertObeyed(events.get(0));
    }
  }

  @Test
  void processElement1_whileTheStoreCannotBeWritten_losesNothingAndPublishesOnceItCan()
      throws Exception {
    run(0, SAMPLES, null);
    List<ReleaseEvent> throughout = List.copyOf(events);
    List<Double> scored = List.copyOf(ranks);
    events.clear();
    verdicts.clear();
    ranks.clear();
    TempDirectory.delete(store);
    Files.writeString(store, "no folder");
    OperatorSubtaskState snapshot;
    try (var harness = opened(harness())) {
      send(harness, 0, 90);
      assertEquals(List.of(), events);
      assertTrue(verdicts.stream().noneMatch(Verdict::accepted), verdicts::toString);
      snapshot = harness.snapshot(1, 90);
    }
    try (var harness = restored(harness(), snapshot)) {
      send(harness, 90, 110);
      pass(harness, 1);
      assertEquals(List.of(), events);
      Files.delete(store);
      pass(harness, 2);
      assertFalse(events.isEmpty());
      assertEquals(throughout.subList(0, events.size()), events);
      send(harness, 110, SAMPLES);
    }
    assertEquals(throughout, events);
    assertEquals(scored, ranks, "what was learned scores what comes, also while it waits");
    StoredReleases stored = StoredReleases.read(store);
    events.forEach(event -> stored.manifest(event.release()));
  }

  @Test
  void restore_whatIsUnwrittenAndAnotherStore_eventNamesThatStore(@TempDir Path another)
      throws Exception {
    Files.delete(store);
    Files.writeString(store, "no folder");
    OperatorSubtaskState snapshot;
    try (var harness = opened(harness())) {
      send(harness, 0, 90);
      assertEquals(List.of(), events);
      snapshot = harness.snapshot(1, 90);
    }
    store = another;
    try (var harness = restored(harness(), snapshot)) {
      pass(harness, 1);
    }
    assertFalse(events.isEmpty());
    StoredReleases stored = StoredReleases.read(another);
    events.forEach(event -> assertEquals(stored.uri(event.release()), event.uri()));
  }

  @Test
  void processElement2_orderWhileReleasesCannotBeWritten_isObeyedAndTheyAreDropped()
      throws Exception {
    Files.delete(store);
    Files.writeString(store, "no folder");
    try (var harness = opened(harness())) {
      send(harness, 0, 160);
      harness.processElement2(order("", "", 0, 0), 0);
      pass(harness, 1);
      assertEquals("rollback-obeyed", verdicts.get(verdicts.size() - 1).rules().get(0).rule());
      Files.delete(store);
      pass(harness, 2);
      assertEquals(List.of(), events);
      send(harness, 160, SAMPLES);
      assertNull(events.get(0).parent());
      assertEquals(33, events.get(0).read());
    }
  }

  /** They are in no store that could tell what they came of. */
  @Test
  void processElement2_orderWhileReleasesCannotBeWritten_whatBothHadLearnedIsReplayed()
      throws Exception {
    try (var harness = opened(harness())) {
      int next = publish(harness, publish(harness, 0));
      ReleaseEvent last = events.get(0);
      AtomicInteger inVain = new AtomicInteger();
      before =
          release -> {
            if (!release.equals(last.release())) {
              inVain.incrementAndGet();
              throw new UncheckedIOException(new IOException("the store is full"));
            }
          };
      send(harness, next, next + 60);
      assertTrue(inVain.get() > 0);
      harness.processElement2(order(last, 0), 0);
      pass(harness, 1);
      assertObeyed(last);
      before = release -> {};
      int unused = publish(harness, next + 60);
      assertEquals(last.release(), events.get(0).parent());
      StoredReleases stored = StoredReleases.read(store);
      List<LearnedSample> replayed =
          stored.manifest(events.get(0).release()).learned().stream()
              .filter(LearnedSample::replay)
              .toList();
      assertTrue(
          stored
              .manifest(last.release())
              .fresh()
              .anyMatch(
                  sample -> replayed.stream().anyMatch(r -> r.sample().equals(sample.sample()))),
          replayed::toString);
    }
  }

  /** Else what waits would grow for as long as the store is away. */
  @Test
  void processElement1_whileManyReleasesWait_nothingMoreIsLearned() throws Exception {
    Files.delete(store);
    Files.writeString(store, "no folder");
    try (var harness = opened(harness())) {
      send(harness, 0, 2 * SAMPLES);
      Files.delete(store);
      pass(harness, 1);
      assertEquals(ScoreOperator.MOST_UNWRITTEN, events.size());
    }
  }

  /** As a mount point is when nothing is mounted there. */
  @Test
  void restore_theStoreIsEmptyThatHadReleases_theLogSaysItOnce() throws Exception {
    try (LogLines lines = LogLines.of(ReleaseStore.class)) {
      OperatorSubtaskState snapshot = run(0, 160, null);
      String last = events.get(events.size() - 1).release();
      assertEquals(List.of(), lines.said());
      TempDirectory.delete(store);
      Files.createDirectory(store);
      events.clear();
      run(160, 3 * SAMPLES, snapshot);
      assertTrue(events.size() > 1, verdicts::toString);
      assertEquals(1, lines.said().size(), lines.said()::toString);
      String expected =
          "the store holds no release, not even %s before %s: is its volume mounted?"
              .formatted(last, events.get(0).release());
      assertTrue(lines.said().get(0).startsWith(expected), lines.said()::toString);
    }
  }

  @Test
  void processElement1_whilePairsTeachNothing_theLogSaysItOnceAndHowManyTheyWere()
      throws Exception {
    Files.delete(store);
    Files.writeString(store, "no folder");
    try (LogLines lines = LogLines.of(ScoreOperator.class);
        var harness = harness()) {
      harness.open();
      send(harness, 0, 2 * SAMPLES);
      Files.delete(store);
      pass(harness, 1);
      List<String> said = lines.said().stream().filter(line -> line.contains("teach")).toList();
      assertEquals(
          List.of(
              "alignment of stamps waits with 0 orders and 4 releases, further pairs teach nothing"
                  + " until it goes on"),
          said);
      String last = lines.said().get(lines.said().size() - 1);
      assertTrue(
          last.matches("alignment of stamps is taught again: \\d+ pairs taught nothing"), last);
      send(harness, 2 * SAMPLES, 3 * SAMPLES);
      assertEquals(last, lines.said().get(lines.said().size() - 1));
      take(harness);
      assertTrue(events.size() > ScoreOperator.MOST_UNWRITTEN, events::toString);
    }
  }

  @Test
  void processingTime_whileTheStoreIsAwayForAMinute_theLogSaysItTwiceAndOnceThatItIsBack()
      throws Exception {
    Files.delete(store);
    Files.writeString(store, "no folder");
    try (LogLines lines = LogLines.of(ScoreOperator.class);
        var harness = harness()) {
      harness.open();
      send(harness, 0, 120);
      for (int i = 1; i <= 13; i++) {
        pass(harness, i);
      }
      Files.delete(store);
      pass(harness, 14);
      List<String> said =
          lines.said().stream().filter(line -> line.startsWith("alignment of ")).toList();
      assertEquals(3, said.size(), said::toString);
      assertTrue(said.get(0).startsWith("alignment of stamps waits and is tried again: "));
      assertTrue(said.get(1).startsWith("alignment of stamps waits and is tried again, for 60 s"));
      assertEquals("alignment of stamps goes on after 70 s", said.get(2));
    }
  }

  @Test
  void endInput_whileReleasesCannotBeWritten_waitsUntilTheyCan() throws Exception {
    Files.delete(store);
    Files.writeString(store, "no folder");
    try (var harness = opened(harness())) {
      send(harness, 0, 120);
      mail(
          harness,
          () -> {
            Files.delete(store);
            harness.setProcessingTime(LearnOperator.PAUSE_MILLIS);
          });
      harness.endInput1();
      take(harness);
      assertFalse(events.isEmpty());
    }
  }

  @Test
  void processElement2_releaseThatCannotBeRead_isRefusedOnceAnyOrderBehindItIsObeyed()
      throws Exception {
    OperatorSubtaskState snapshot;
    ReleaseEvent first;
    try (var harness = opened(harness())) {
      send(harness, 0, 160);
      verdicts.clear();
      first = events.get(0);
      String lost = events.get(1).release();
      before =
          release -> {
            if (release.equals(lost)) {
              throw new UncheckedIOException(new IOException("it cannot be read"));
            }
          };
      harness.processElement2(order(events.get(1), 0), 0);
      take(harness);
      harness.processElement2(order(events.get(1), 0), 0);
      pass(harness, 1);
      assertEquals(List.of(), verdicts);
      harness.processElement2(order(first, 0), 0);
      snapshot = harness.snapshot(1, 160);
      pass(harness, 2);
      assertObeyedInPlaceOfTwo(first);
    }
    verdicts.clear();
    try (var harness = restored(harness(), snapshot)) {
      take(harness);
      assertObeyedInPlaceOfTwo(first);
    }
  }

  private void assertObeyedInPlaceOfTwo(ReleaseEvent order) {
    assertEquals(3, verdicts.size(), verdicts::toString);
    for (Verdict refused : verdicts.subList(0, 2)) {
      assertEquals(
          "release-unreadable: it cannot be read: an order behind it is obeyed" + " in its place",
          refused.rules().get(0).reason());
    }
    assertObeyed(order);
  }

  @Test
  void processElement2_whileTheStoreHangs_samplesAreScoredAndTheOrderIsKept() throws Exception {
    CountDownLatch hangs = new CountDownLatch(1);
    OperatorSubtaskState snapshot;
    ReleaseEvent first;
    try (var harness = opened(harness())) {
      send(harness, 0, 160);
      first = events.get(0);
      int published = events.size();
      int judged = verdicts.size();
      before = release -> await(hangs);
      harness.processElement2(order(first, 0), 0);
      for (int i = 160; i < 166; i++) {
        harness.processElement1(SwappedPairs.sample(i), i);
      }
      assertEquals(166, ranks.size());
      snapshot = harness.snapshot(1, 166);
      hangs.countDown();
      take(harness);
      assertEquals(judged + 1, verdicts.size());
      assertObeyed(first);
      send(harness, 166, SAMPLES);
      assertEquals(first.release(), events.get(published).parent());
      List<String> taught =
          StoredReleases.read(store)
              .manifest(events.get(published).release())
              .fresh()
              .map(LearnedSample::sample)
              .toList();
      assertTrue(taught.contains("p161"), "it came meanwhile: " + taught);
    }
    verdicts.clear();
    try (var harness = restored(harness(), snapshot)) {
      take(harness);
      assertObeyed(first);
    }
  }

  @Test
  void processElement1_wouldLearnWhileAnOrderIsReadSlowly_waitsAndLosesNothing() throws Exception {
    run(0, 160, null);
    ReleaseEvent first = events.get(0);
    List<List<ReleaseEvent>> published = new ArrayList<>();
    for (boolean slow : List.of(false, true)) {
      TempDirectory.delete(store);
      Files.createDirectory(store);
      events.clear();
      before = release -> {};
      try (var harness = opened(harness())) {
        send(harness, 0, 160);
        CountDownLatch hangs = new CountDownLatch(slow ? 1 : 0);
        before = release -> await(hangs);
        harness.processElement2(order(first, 0), 0);
        if (slow) {
          mail(harness, hangs::countDown);
        } else {
          take(harness);
        }
        for (int i = 160; i < SAMPLES; i++) {
          harness.processElement1(SwappedPairs.sample(i), i);
        }
        assertEquals(0, hangs.getCount(), "it waited");
        take(harness);
      }
      published.add(List.copyOf(events));
    }
    assertEquals(published.get(0), published.get(1));
  }

  /** Else as many as there are would wait one after the other, with all samples of the subtask. */
  @Test
  void processElement1_orderStandsBehindOneThatFails_doesNotWait() throws Exception {
    CountDownLatch fails = new CountDownLatch(1);
    CountDownLatch hangs = new CountDownLatch(1);
    String lost = "f".repeat(64);
    before =
        release -> {
          await(release.equals(lost) ? fails : hangs);
          if (release.equals(lost)) {
            throw new UncheckedIOException(new IOException("it cannot be read"));
          }
        };
    try (var harness = opened(harness())) {
      harness.processElement2(order("stamps", lost, "", 1, 0, 33), 0);
      harness.processElement2(order("icons", "", "", 0, 0, 34), 0);
      fails.countDown();
      harness.getTaskMailbox().take(0).run();
      mail(harness, hangs::countDown);
      for (int i = 0; i < 60; i++) {
        harness.processElement1(SwappedPairs.sample(i).withDomain("icons"), i);
      }
      assertEquals(1, hangs.getCount(), "the store has failed");
      take(harness);
      assertEquals("icons", verdicts.get(0).domain());
      assertEquals("rollback-obeyed", verdicts.get(0).rules().get(0).rule());
    }
  }

  @Test
  void processElement1_whileTheStoreHangs_waitsForRoomAndLosesNothing() throws Exception {
    run(0, SAMPLES, null);
    List<ReleaseEvent> throughout = List.copyOf(events);
    events.clear();
    TempDirectory.delete(store);
    Files.createDirectory(store);
    CountDownLatch hangs = new CountDownLatch(1);
    before = release -> await(hangs);
    try (var harness = opened(harness())) {
      mail(harness, hangs::countDown);
      for (int i = 0; i < 60; i++) {
        harness.processElement1(SwappedPairs.sample(i), i);
      }
      assertEquals(1, hangs.getCount());
      for (int i = 60; i < SAMPLES; i++) {
        harness.processElement1(SwappedPairs.sample(i), i);
      }
      assertEquals(0, hangs.getCount(), "it waited");
      take(harness);
      assertEquals(throughout, events);
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException("interrupted", e);
    }
  }

  private static void mail(
      AbstractStreamOperatorTestHarness<?> harness, ThrowingRunnable<Exception> mail) {
    harness.getTaskMailbox().put(new Mail(mail, 0, "test"));
  }

  @Test
  void close_whatScoresCannotBeClosed_whatLearnsIsClosedAllTheSame() throws Exception {
    List<String> closed = new ArrayList<>();
    var harness =
        harness(
            () -> {
              closed.add("scorer");
              throw new IOException("it is stuck");
            },
            () -> closed.add("learner"));
    harness.open();
    assertEquals("it is stuck", assertThrows(IOException.class, harness::close).getMessage());
    assertEquals(List.of("scorer", "learner"), closed);
  }

  @Test
  void close_stateCannotBeClosed_whatScoresAndLearnsIsClosedAllTheSame() throws Exception {
    List<String> closed = new ArrayList<>();
    var harness = harness(() -> closed.add("scorer"), () -> closed.add("learner"));
    harness.setStateBackend(
        new HashMapStateBackend() {
          @Override
          public OperatorStateBackend createOperatorStateBackend(
              OperatorStateBackendParameters parameters) {
            return new DefaultOperatorStateBackend(
                parameters.getEnv().getExecutionConfig(),
                new CloseableRegistry(),
                new HashMap<>(),
                new HashMap<>(),
                new HashMap<>(),
                new HashMap<>(),
                null) { // no snapshot is taken
              @Override
              public void close() throws IOException {
                throw new IOException("it is stuck");
              }
            };
          }
        });
    harness.open();
    assertEquals("it is stuck", assertThrows(IOException.class, harness::close).getMessage());
    assertEquals(List.of("scorer", "learner"), closed);
  }

  private void assertObeyed(ReleaseEvent order) {
    Verdict verdict = verdicts.get(verdicts.size() - 1);
    assertEquals("rollback-obeyed", verdict.rules().get(0).rule());
    assertTrue(verdict.rules().get(0).passed(), verdict.rules()::toString);
    assertEquals(order.release(), verdict.release());
  }

  @Test
  void restore_submittedBeforeTheJobWhoseStateItHas_isItsSuccessorAllTheSame() throws Exception {
    OperatorSubtaskState snapshot = run(0, 160, null);
    ReleaseEvent first = events.get(0);
    submitted = EPOCH - 1;
    try (var harness = restored(harness(), snapshot)) {
      harness.processElement2(order(first, EPOCH + 1), 0);
      assertThrows(
          FencedException.class, () -> harness.processElement2(order(first, EPOCH + 2), 0));
    }
  }

  @Test
  void processWatermark_ordersWithoutTime_holdNothingBack() throws Exception {
    try (var harness = opened(harness())) {
      harness.processWatermark1(new Watermark(17));
      harness.processWatermark2(new Watermark(3));
      assertEquals(List.of(new Watermark(17)), List.copyOf(harness.getOutput()));
    }
  }

  private OperatorSubtaskState run(int from, int to, OperatorSubtaskState before) throws Exception {
    try (var harness = harness()) {
      if (before != null) {
        harness.initializeState(before);
      }
      harness.open();
      send(harness, from, to);
      return harness.snapshot(1, to);
    }
  }

  private void send(
      KeyedTwoInputStreamOperatorTestHarness<String, Sample, ReleaseEvent, ScoredSample> harness,
      int from,
      int to)
      throws Exception {
    for (int i = from; i < to; i++) {
      harness.processElement1(SwappedPairs.sample(i), i);
      take(harness);
    }
  }

  /** Until what failed for the store is tried again, so many times since the beginning. */
  private void pass(
      KeyedTwoInputStreamOperatorTestHarness<String, Sample, ReleaseEvent, ScoredSample> harness,
      int pauses)
      throws Exception {
    harness.setProcessingTime(pauses * LearnOperator.PAUSE_MILLIS);
    take(harness);
  }

  /** Takes what comes of what was begun. */
  private void take(
      KeyedTwoInputStreamOperatorTestHarness<String, Sample, ReleaseEvent, ScoredSample> harness)
      throws Exception {
    while (((ScoreOperator) harness.getOperator()).isAtWork()) {
      harness.getTaskMailbox().take(0).run();
    }
    drain(harness.getSideOutput(Outputs.VERDICTS), verdicts);
    drain(harness.getSideOutput(Outputs.RELEASES), events);
  }

  private static <T> void drain(Queue<StreamRecord<T>> from, List<T> into) {
    while (from != null && !from.isEmpty()) {
      into.add(from.remove().getValue());
    }
  }

  private KeyedTwoInputStreamOperatorTestHarness<String, Sample, ReleaseEvent, ScoredSample>
      harness() throws Exception {
    return harness(() -> {}, () -> {});
  }

  private KeyedTwoInputStreamOperatorTestHarness<String, Sample, ReleaseEvent, ScoredSample>
      harness(AutoCloseable ofScorer, AutoCloseable ofLearner) throws Exception {
    String folder = store.toString();
    List<Double> seen = ranks;
    String seers = encoders;
    Consumer<String> first = release -> before.accept(release);
    return new KeyedTwoInputStreamOperatorTestHarness<>(
        new ScoreOperator(
            subtask -> new Opened<>(new Ranking(seen), ofScorer),
            subtask ->
                new Opened<>(
                    new Stored(SwappedPairs.learner(Path.of(folder), seers), first), ofLearner),
            LIMITS,
            submitted),
        DomainKey::of,
        DomainKey::of,
        Types.STRING);
  }

  /** Does something before it reads or writes a release. */
  private record Stored(AlignmentLearner real, Consumer<String> first) implements AlignmentLearner {

    @Override
    public AlignmentState initial() {
      return real.initial();
    }

    @Override
    public AlignmentState restored(AlignmentState state) {
      return real.restored(state);
    }

    @Override
    public AlignmentOutcome take(AlignmentState state, ScoredSample sample, Places places) {
      return real.take(state, sample, places);
    }

    @Override
    public @Nullable AlignmentState gather(
        AlignmentState state, ScoredSample sample, Places places) {
      return real.gather(state, sample, places);
    }

    @Override
    public String publish(Draft draft) {
      first.accept(draft.manifest().id());
      return real.publish(draft);
    }

    @Override
    public Function<AlignmentState, AlignmentOutcome> obey(
        @Nullable String release, @Nullable String written, ReleaseEvent event) {
      first.accept(event.release());
      return real.obey(release, written, event);
    }
  }

  /** Notes how well each pair fits by the alignment that it was scored by. */
  private record Ranking(List<Double> ranks) implements Scorer {

    @Override
    public Scored score(Sample sample, DomainMemory memory) {
      throw new AssertionError("expected an alignment");
    }

    @Override
    public Scored score(Sample sample, DomainMemory memory, AlignAdapter alignment) {
      Places places = SwappedPairs.places((int) sample.origin().offset());
      ranks.add(
          Aligner.cosine(
              alignment.place(AlignAdapter.Side.MEDIA, places.media()),
              alignment.place(AlignAdapter.Side.CAPTION, places.caption())));
      boolean heldOut = sample.origin().offset() % 4 == 0;
      return new Scored.Accepted(new ScoredSample(sample, new int[] {1}, 1, 1, 1, heldOut), places);
    }
  }

  private static ReleaseEvent order(ReleaseEvent to, long epoch) {
    return order(to.release(), to.uri(), to.batch(), epoch);
  }

  private static ReleaseEvent order(String release, String uri, long batch, long epoch) {
    return order(release, uri, batch, epoch, 33);
  }

  private static ReleaseEvent order(
      String release, String uri, long batch, long epoch, long offset) {
    return order("stamps", release, uri, batch, epoch, offset);
  }

  private static ReleaseEvent order(
      String domain, String release, String uri, long batch, long epoch, long offset) {
    ReleaseEvent event =
        StreamRecords.event(domain, Kind.ALIGNMENT, Action.ROLLBACK, release, null, batch, offset);
    return StreamRecords.at(uri, event).withEpoch(epoch);
  }
}
