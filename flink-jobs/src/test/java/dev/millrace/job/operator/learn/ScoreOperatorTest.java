package dev.millrace.job.operator.learn;

import static dev.millrace.job.operator.Streams.opened;
import static dev.millrace.job.operator.Streams.restored;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.embedded.RefusedState;
import dev.millrace.job.operator.DomainKey;
import dev.millrace.job.operator.GoldenState;
import dev.millrace.job.operator.Opened;
import dev.millrace.job.operator.Opener;
import dev.millrace.job.operator.Outputs;
import dev.millrace.job.operator.Streams;
import dev.millrace.model.assign.KnownTexts;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.djl.DjlModels;
import dev.millrace.model.djl.Precision;
import dev.millrace.model.score.DomainMemory;
import dev.millrace.model.score.GuardLimits;
import dev.millrace.model.score.HeldOut;
import dev.millrace.model.score.MemoryLimits;
import dev.millrace.model.score.Readers;
import dev.millrace.model.score.Scored;
import dev.millrace.model.score.Scorer;
import dev.millrace.model.score.ScorerConfig;
import dev.millrace.model.text.Tokenizer;
import dev.millrace.model.text.Tokenizers;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Rejection;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.Sample;
import dev.millrace.schema.ScoredSample;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.KeyedTwoInputStreamOperatorTestHarness;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ScoreOperatorTest {

  private static final Path NANO = Path.of("..", "models", "nano");
  private static final MemoryLimits LIMITS = new MemoryLimits(100, 50, 20, 1_024, 12, 10, 40);

  @Test
  void processElement_restoredHalfWay_judgesAsIfNothingHappened() throws Exception {
    List<Sample> samples = samples(400);
    List<String> throughout = new ArrayList<>();
    try (var harness = opened(harness())) {
      judge(harness, samples, throughout);
    }
    List<String> restored = new ArrayList<>();
    OperatorSubtaskState snapshot;
    try (var harness = opened(harness())) {
      judge(harness, samples.subList(0, 170), restored);
      snapshot = harness.snapshot(1, 1);
    }
    try (var harness = restored(harness(), snapshot)) {
      judge(harness, samples.subList(170, samples.size()), restored);
    }
    assertEquals(throughout, restored);
    assertTrue(throughout.contains("source-throttled"), throughout.toString());
    assertTrue(throughout.contains("accepted"), throughout.toString());
  }

  @Test
  void processElement_restoredOnAnotherBase_measuresTextsByThatBaseAlone() throws Exception {
    List<Sample> samples = samples(30);
    OperatorSubtaskState snapshot;
    try (var harness = opened(harness())) {
      judge(harness, samples.subList(0, 29), new ArrayList<>());
      assertTrue(harness.extractOutputValues().size() > 5);
      snapshot = harness.snapshot(1, 1);
    }
    Sample next = sent("good", "b", 40, words(new Random(9)));
    for (boolean another : new boolean[] {false, true}) {
      try (var harness = restored(harness(another ? new Readers("another", "") : null), snapshot)) {
        harness.processElement1(next, next.eventTimeMillis());
        assertEquals(another, harness.extractOutputValues().get(0).diversity() == 1);
      }
    }
  }

  @Test
  void open_restoredWhereOthersAreHeldOut_isRefused() throws Exception {
    OperatorSubtaskState snapshot;
    try (var harness = opened(harness())) {
      judge(harness, samples(5), new ArrayList<>());
      snapshot = harness.snapshot(1, 1);
    }
    String before = new HeldOut("salt", 10).name();
    for (HeldOut other : List.of(new HeldOut("pepper", 10), new HeldOut("salt", 9))) {
      try (var harness = harness(null, other.salt(), other.everyNth())) {
        harness.initializeState(snapshot);
        IllegalStateException refused = assertThrows(IllegalStateException.class, harness::open);
        assertEquals(
            "what is held out is %s, expected %s, by which this state was made: set MILLRACE_HELD_OUT_SALT and heldOut.everyNth as they were, or begin learn without its state"
                .formatted(other.name(), before),
            refused.getMessage());
        assertTrue(RefusedState.isRecognised(refused));
      }
    }
    OperatorSubtaskState ofOldCode =
        OperatorSubtaskState.builder()
            .setManagedKeyedState(snapshot.getManagedKeyedState())
            .build();
    try (var harness = restored(harness(null, "pepper", 10), ofOldCode)) {
      snapshot = harness.snapshot(2, 2);
    }
    try (var harness = harness()) {
      harness.initializeState(snapshot);
      assertThrows(IllegalStateException.class, harness::open);
    }
  }

  @Test
  void processElement_refusedAtOnceUnderInventedNames_leavesNoState() throws Exception {
    List<String> judged = new ArrayList<>();
    try (var harness = opened(harness())) {
      for (int i = 0; i < 20; i++) {
        judge(harness, List.of(Streams.sample("invented-" + i, i, "x", i)), judged);
      }
      harness.snapshot(1, 1);
      assertEquals(Collections.nCopies(20, "too-short"), judged);
      assertEquals(0, harness.numKeyedStateEntries());
      judge(harness, samples(2), judged);
      harness.snapshot(2, 2);
      assertTrue(harness.numKeyedStateEntries() > 0, judged.toString());
    }
  }

  /** Names may be invented, and a memory on the heap is ten times as large as its bytes. */
  @Test
  void processElement_manyNamesSinceTheLastSnapshot_fewMemoriesAreOnTheHeap() throws Exception {
    String damaged = "\uFFFD".repeat(60);
    int names = 2 * Changes.MOST;
    List<String> judged = new ArrayList<>();
    try (var harness = opened(harness())) {
      for (int i = 0; i < names; i++) {
        judge(harness, List.of(Streams.sample("invented-" + i, i, damaged, i)), judged);
      }
      assertEquals(Collections.nCopies(names, "encoding-damage"), judged);
      assertEquals(names - Changes.MOST, harness.numKeyedStateEntries());
      judged.clear();
      judge(harness, List.of(Streams.sample("invented-0", names, damaged, names)), judged);
      assertEquals(List.of("duplicate-exact"), judged, "what went into state is known");
      harness.snapshot(1, 1);
      assertEquals(names, harness.numKeyedStateEntries());
    }
  }

  @Test
  void restore_stateOfCommittedCode_knowsWhatItHasSeenAndWhatIsHeldOut() throws Exception {
    assertRestored(GoldenState.of("score", ScoreOperatorTest::written));
  }

  /** State of before pairs that judge had signatures of their own. */
  @Test
  void restore_stateOfTheVersionBefore_knowsWhatItHasSeenAndWhatIsHeldOut() throws Exception {
    assertRestored(GoldenState.committed("score-9"));
  }

  private static void assertRestored(OperatorSubtaskState committed) throws Exception {
    List<String> judged = new ArrayList<>();
    try (var harness = restored(harness(), committed)) {
      judge(harness, seen(), judged);
      assertEquals(Collections.nCopies(seen().size(), "duplicate-exact"), judged);
    }
    try (var harness = harness(null, "pepper", 10)) {
      harness.initializeState(committed);
      assertThrows(IllegalStateException.class, harness::open);
    }
  }

  @Test
  void initializeState_stateThatIsNotKnown_isRefusedByName() throws Exception {
    OperatorSubtaskState another = GoldenState.committed("learn");
    try (var harness = harness()) {
      String said =
          assertThrows(IllegalStateException.class, () -> harness.initializeState(another))
              .getMessage();
      assertTrue(said.startsWith("state has [precision], expected no more than"), said);
    }
  }

  private static OperatorSubtaskState written() throws Exception {
    try (var harness = opened(harness())) {
      judge(harness, seen(), new ArrayList<>());
      return harness.snapshot(1, 1);
    }
  }

  private static List<Sample> seen() {
    return samples(15).stream().filter(sample -> "b".equals(sample.domain())).toList();
  }

  private static KeyedTwoInputStreamOperatorTestHarness<String, Sample, ReleaseEvent, ScoredSample>
      harness() throws Exception {
    return harness(null);
  }

  private static KeyedTwoInputStreamOperatorTestHarness<String, Sample, ReleaseEvent, ScoredSample>
      harness(@Nullable Readers readers) throws Exception {
    return harness(readers, "salt", 10);
  }

  /** A scorer as it reads elsewhere. */
  private record Elsewhere(Scorer real, Readers readers) implements Scorer {

    @Override
    public Scored score(Sample sample, DomainMemory memory) {
      return real.score(sample, memory);
    }

    @Override
    public String heldOut() {
      return real.heldOut();
    }
  }

  /**
   * @param readers null for those that there are
   */
  private static KeyedTwoInputStreamOperatorTestHarness<String, Sample, ReleaseEvent, ScoredSample>
      harness(@Nullable Readers readers, String salt, int everyNth) throws Exception {
    Opener<Scorer> scorers =
        subtask -> {
          BaseModel base = DjlModels.open(NANO, Precision.INT8);
          Tokenizer tokenizer = Tokenizers.open(NANO);
          Scorer scorer =
              Scorer.of(
                  base,
                  tokenizer,
                  KnownTexts.of(List.of(), base.config().vocabSize()),
                  new HeldOut(salt, everyNth),
                  throttling());
          return new Opened<>(
              readers == null ? scorer : new Elsewhere(scorer, readers),
              () -> {
                tokenizer.close();
                base.close();
              });
        };
    return new KeyedTwoInputStreamOperatorTestHarness<>(
        new ScoreOperator(scorers, Streams.noAlignments(), LIMITS, 1),
        DomainKey::of,
        DomainKey::of,
        Types.STRING);
  }

  private static ScorerConfig throttling() {
    return ScorerConfig.defaults().withGuard(new GuardLimits(0, 0, 3_600_000, 0.5, "", 0));
  }

  /** Two sources to two domains, one of which only ever sends the same few words. */
  private static List<Sample> samples(int count) {
    Random random = new Random(4);
    List<Sample> samples = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      boolean good = random.nextBoolean();
      String domain = random.nextInt(3) == 0 ? "a" : "b";
      String text = good ? words(random) : "buy now! ".repeat(30);
      samples.add(sent(good ? "good" : "bad", domain, i, text));
    }
    return samples;
  }

  private static Sample sent(String source, String domain, int i, String text) {
    Origin at = new Origin("samples", 0, i);
    return Sample.ofText(domain + "-" + i, source, "document-" + i, domain, text, i, at);
  }

  private static String words(Random random) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 40; i++) {
      text.append(Integer.toString(random.nextInt(1 << 28), 36)).append(' ');
    }
    return text.toString();
  }

  private static void judge(
      KeyedTwoInputStreamOperatorTestHarness<String, Sample, ReleaseEvent, ScoredSample> harness,
      List<Sample> samples,
      List<String> judged)
      throws Exception {
    for (Sample sample : samples) {
      harness.processElement1(sample, sample.eventTimeMillis());
      Queue<StreamRecord<Rejection>> refused = harness.getSideOutput(Outputs.REJECTED);
      judged.add(
          refused == null || refused.isEmpty() ? "accepted" : refused.remove().getValue().reason());
    }
  }
}
