package dev.millrace.adapter;

import static dev.millrace.adapter.Configs.with;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.adapter.batch.Draws;
import dev.millrace.adapter.batch.Remembered;
import dev.millrace.adapter.batch.Reservoir;
import dev.millrace.adapter.bigram.BigramBase;
import dev.millrace.adapter.bigram.Bigrams;
import dev.millrace.adapter.bigram.Stream;
import dev.millrace.adapter.gate.HeldOut;
import dev.millrace.adapter.quantize.Quantizer;
import dev.millrace.adapter.train.Governor;
import dev.millrace.adapter.train.Parameters;
import dev.millrace.adapter.train.Plan;
import dev.millrace.adapter.train.TrainPrecision;
import dev.millrace.model.adapter.NamePatterns;
import dev.millrace.model.base.Products;
import dev.millrace.model.kinds.AdapterCodec;
import dev.millrace.model.release.LearnedSample;
import dev.millrace.model.release.Manifest;
import dev.millrace.model.release.Release;
import dev.millrace.model.release.ReleaseStep;
import dev.millrace.schema.Origin;
import dev.millrace.schema.RuleResult;
import dev.millrace.schema.ScoredSample;
import dev.millrace.schema.TrainingBatch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;

/** What a batch comes to. */
class LearnerTest extends BigramLearners {

  @Test
  void learn_watchedRelease_roundsWhatServesTwiceAndTheCandidateOnce() throws IOException {
    Learner learner = learner("store");
    LearnerState watched = outcomes(learner, 2).get(1).state();
    TrainingBatch batch = batch(2);
    TrainingBatch ordinary =
        new TrainingBatch(
            batch.tenant(), batch.domain(), batch.number(), batch.samples(), List.of());
    Path recorded = folder.resolve("recorded.jfr");
    try (Recording recording = new Recording()) {
      recording.enable(ReleaseStep.NAME);
      recording.start();
      Outcome outcome = learn(learner, watched, ordinary);
      assertTrue(outcome.verdict().accepted(), () -> outcome.verdict().toString());
      recording.dump(recorded);
    }
    long rounded =
        RecordingFile.readAllEvents(recorded).stream()
            .filter(step -> step.getString("kind").equals(ReleaseStep.Kind.QUANTIZE.name()))
            .count();
    assertEquals(3, rounded, "to be watched, to be compared with, to be judged");
  }

  @Test
  void learn_severalBatches_lowersTheHeldOutLossReleaseByRelease() throws IOException {
    List<Outcome> outcomes = outcomes(learner("store"), 3);
    String parent = null;
    double loss = Double.MAX_VALUE;
    for (Outcome outcome : outcomes) {
      assertTrue(outcome.verdict().accepted(), () -> outcome.verdict().toString());
      Release release = read(outcome.release());
      assertEquals(parent, release.manifest().parent());
      assertEquals(outcome.state().learnedTo(), release.manifest().learnedTo());
      double now = bitsPerByte(outcome);
      assertTrue(now < loss, () -> "bits per byte " + now);
      parent = outcome.verdict().release();
      loss = now;
    }
  }

  @Test
  void learn_anyBatch_tellsTheGovernorWhenItTrains() {
    Learner learner = learner("store");
    List<Boolean> told = new ArrayList<>();
    Governor governor =
        new Governor() {
          @Override
          public boolean proceed() {
            return !told.isEmpty();
          }

          @Override
          public void training(boolean now) {
            told.add(now);
          }
        };
    Outcome outcome = learner.learn(initial(learner), batch(0), governor);
    assertTrue(outcome.verdict().accepted(), outcome::toString);
    assertEquals(List.of(true, false), told);
  }

  /** What a restart finds where the card is gone and learn.plan.device is auto. */
  @Test
  void learn_deviceLostBetweenBatches_isAnotherPlanInTheNextManifest() throws IOException {
    Plan plan = CONFIG.plan();
    Learner before = learner("store", CONFIG.with(plan.on("gpu")));
    Learner after = learner("store", CONFIG.with(plan.on("cpu")));
    Outcome first = learn(before, initial(before), batch(0));
    byte[] state = first.state().toBytes();
    Outcome second = learn(after, LearnerState.fromBytes(state), batch(1));

    assertEquals("gpu", planned(first, "device"));
    assertEquals("cpu", planned(second, "device"));
    Release release = read(second.release());
    assertEquals(first.verdict().release(), release.manifest().parent());
  }

  /** By nothing that was learned yet: a first release is of what its manifest says. */
  @Test
  void learn_otherRankBeforeTheFirstRelease_isThatOfTheRelease() throws IOException {
    Learner before = learner("store");
    LearnerState waits = learn(before, initial(before), noMore(0)).state();
    assertNull(waits.release());
    Learner learner = learner("store", with(CONFIG, "rank", 1 + CONFIG.rank()));

    Outcome first = learn(learner, LearnerState.fromBytes(waits.toBytes()), batch(1));

    assertTrue(first.verdict().accepted(), () -> first.verdict().toString());
    assertEquals(
        String.valueOf(1 + CONFIG.rank()),
        read(first.release()).manifest().plan().hyperparameters().get("rank"));
    int parameters = parameters(initial(learner));
    assertNotEquals(parameters(waits), parameters);
    assertEquals(parameters, parameters(first.state()));
    assertEquals(parameters, parameters(learn(before, first.state(), batch(2)).state()));
  }

  private static int parameters(LearnerState state) {
    return Parameters.flatten(state.adapter().weights()).length;
  }

  @Test
  void learn_otherSizesThanTheStateHas_dropTheOldestOrMakeRoom() {
    Learner before = learner("store");
    LearnerState state = learn(before, initial(before), batch(0)).state();
    assertEquals(CONFIG.replay(), state.replay().past().capacity());
    List<String> judges = ids(state);

    Learner smaller = learner("store", withSizes(5, 3));
    LearnerState shrunk = learn(smaller, state, noMore(1)).state();
    assertEquals(5, shrunk.replay().past().entries().size());
    assertEquals(judges.subList(judges.size() - 3, judges.size()), ids(shrunk));

    Learner larger = learner("store", withSizes(50, 30));
    LearnerState grown = learn(larger, shrunk, noMore(2)).state();
    assertEquals(50, grown.replay().past().capacity());
    assertEquals(30, grown.heldOut().capacity());
    assertEquals(ids(shrunk), ids(grown));
  }

  /** A batch that brings nothing to judge by. */
  private static TrainingBatch noMore(int number) {
    return new TrainingBatch(null, "foreign", number, batch(number).samples(), List.of());
  }

  private static LearnerConfig withSizes(int replay, int heldOut) {
    return with(CONFIG, "replay", replay, "heldOut", heldOut);
  }

  @Test
  void settled_bf16NoFaster_everyStepIsInFp32AndTheManifestSaysWhy() throws IOException {
    base.slow(Products.BF16);
    Learner learner = adaptive().settled(null);
    Outcome outcome = learn(learner, initial(learner), batch(0));
    assertEquals("adaptive-fp32", planned(outcome, "precision"));
    Map<String, Double> figures = rule(outcome, "not-exploded").figures();
    assertEquals(0, figures.get("bf16Steps"));
    assertEquals(0, figures.get("bf16Pays"));

    Learner fp32 = learner("fp32", CONFIG);
    Outcome asFp32 = learn(fp32.settled(null), initial(fp32), batch(0));
    assertEquals("fp32", planned(asFp32, "precision"));
    assertFalse(rule(asFp32, "not-exploded").figures().containsKey("bf16Pays"));
    assertArrayEquals(
        Parameters.flatten(asFp32.state().adapter().weights()),
        Parameters.flatten(outcome.state().adapter().weights()));
  }

  /** Or the bytes of a batch that is learned again would depend on who else had the processor. */
  @Test
  void settled_foundBeforeARestart_isNotTimedAgain() {
    base.slow(Products.FP32);
    assertEquals(TrainPrecision.ADAPTIVE, adaptive().settled(null).precision());
    assertEquals(
        TrainPrecision.ADAPTIVE_FP32, adaptive().settled(TrainPrecision.ADAPTIVE_FP32).precision());
    base.slow(Products.BF16);
    assertEquals(TrainPrecision.ADAPTIVE, adaptive().settled(TrainPrecision.ADAPTIVE).precision());
    assertEquals(
        TrainPrecision.ADAPTIVE_FP32,
        adaptive().settled(TrainPrecision.FP32).precision(),
        "another setting found nothing out");
  }

  private Learner adaptive() {
    return learner("store", CONFIG.with(CONFIG.plan().in(TrainPrecision.ADAPTIVE)));
  }

  private String planned(Outcome outcome, String what) throws IOException {
    return read(outcome.release()).manifest().plan().hyperparameters().get("plan." + what);
  }

  @Test
  void learn_textsOfAnotherDomain_areNotTaught() {
    Learner learner = learner("store");
    TrainingBatch known = withSamples(batch(0), Bigrams.known().texts(24, 7));
    assertNotTaught(initial(learner), learn(learner, initial(learner), known), "in-domain");
  }

  @Test
  void learn_textsInAnyOrder_areNotTaught() {
    Learner learner = learner("store");
    LearnerState before = outcomes(learner, 4).get(3).state();
    List<int[]> shuffled = new ArrayList<>();
    for (ScoredSample sample : batch(4).samples()) {
      int[] tokens = sample.tokens();
      shuffled.add(IntStream.of(Draws.permutation(tokens.length, 5)).map(i -> tokens[i]).toArray());
    }
    assertNotTaught(before, learn(learner, before, withSamples(batch(4), shuffled)), "token-order");
  }

  /** The batch is past, and has left nothing but what judges. */
  private static void assertNotTaught(LearnerState before, Outcome outcome, String rule) {
    List<String> failed =
        outcome.verdict().rules().stream().filter(r -> !r.passed()).map(RuleResult::rule).toList();
    assertEquals(List.of(rule), failed, () -> outcome.verdict().toString());
    assertEquals(0, outcome.verdict().tokens());
    assertNull(outcome.release());
    assertEquals(before.batches() + 1, outcome.state().batches());
    assertEquals(List.of(), outcome.state().waiting());
    assertEquals(before.adapter().step(), outcome.state().adapter().step());
  }

  private static TrainingBatch withSamples(TrainingBatch batch, List<int[]> texts) {
    List<ScoredSample> samples =
        IntStream.range(0, texts.size())
            .mapToObj(i -> Stream.sample(900 + i, texts.get(i), false, i))
            .toList();
    return new TrainingBatch(
        batch.tenant(), batch.domain(), batch.number(), samples, batch.heldOut());
  }

  @Test
  void learn_sameStateAndBatch_sameBytes() throws IOException {
    List<Outcome> once = outcomes(learner("once"), 2);
    List<Outcome> twice = outcomes(learner("twice"), 2);
    for (int i = 0; i < 2; i++) {
      assertArrayEquals(once.get(i).state().toBytes(), twice.get(i).state().toBytes());
      assertEquals(once.get(i).verdict().release(), twice.get(i).verdict().release());
      assertArrayEquals(weights(once.get(i)), weights(twice.get(i)));
    }
  }

  @Test
  void learn_again_isPublishedOnce() throws IOException {
    Learner learner = learner("store");
    Outcome once = outcomes(learner, 1).get(0);
    byte[] weights = weights(once);
    assertEquals(once.release(), outcomes(learner, 1).get(0).release());
    assertArrayEquals(weights, weights(once));
  }

  @Test
  void learn_published_servesWhatItRounded() throws IOException {
    Outcome outcome = outcomes(learner("store"), 1).get(0);
    assertArrayEquals(
        AdapterCodec.encode(Quantizer.quantize(outcome.state().adapter().weights())),
        AdapterCodec.encode(read(outcome.release()).adapter()));
  }

  @Test
  void learn_severalBatches_learnsEachSampleOnceAndNeverWhatIsHeldOut() throws IOException {
    Set<String> learned = new HashSet<>();
    Set<String> expected = new HashSet<>();
    for (Outcome outcome : outcomes(learner("store"), 3)) {
      Manifest manifest = read(outcome.release()).manifest();
      for (LearnedSample sample : manifest.learned()) {
        assertEquals(sample.replay(), !learned.add(sample.sample()), sample::sample);
      }
      batch((int) manifest.batch()).samples().forEach(s -> expected.add(s.sample().id()));
    }
    assertEquals(expected, learned);
  }

  @Test
  void learn_heldOutAmongTheSamples_isNotLearned() throws IOException {
    TrainingBatch batch = batch(0);
    List<ScoredSample> mixed = new ArrayList<>(batch.samples());
    mixed.addAll(batch.heldOut());
    TrainingBatch leaking = new TrainingBatch(null, "foreign", 0, mixed, batch.heldOut());
    Learner learner = learner("store");
    Outcome clean = learn(learner, initial(learner), batch);
    Outcome leaked = learn(learner, initial(learner), leaking);
    assertEquals(clean.verdict().release(), leaked.verdict().release());
  }

  @Test
  void learn_tooLittleToJudgeBy_waitsAndIsLearnedWithTheNext() throws IOException {
    Learner learner = learner("store");
    TrainingBatch first = batch(0);
    TrainingBatch unjudged =
        new TrainingBatch(null, "foreign", 0, first.samples(), first.heldOut().subList(0, 1));
    Outcome waits = learn(learner, initial(learner), unjudged);
    assertFalse(waits.verdict().accepted());
    assertEquals(
        List.of("enough-evidence"),
        waits.verdict().rules().stream().map(RuleResult::rule).toList());
    assertEquals(0, waits.verdict().tokens());
    assertEquals(first.samples().size(), waits.state().waiting().size());
    Outcome learned = learn(learner, waits.state(), batch(1));
    assertTrue(learned.verdict().accepted(), () -> learned.verdict().toString());
    assertEquals(List.of(), learned.state().waiting());
    assertLearned(read(learned.release()).manifest(), first);
  }

  /** By a state that goes through bytes as by one that does not. */
  @Test
  void learn_longStream_isJudgedByWhatCameLately() {
    Learner learner = learner("store");
    LearnerState state = initial(learner);
    LearnerState restored = state;
    List<int[]> texts = Bigrams.foreign().texts(20, 41);
    for (int i = 0; i < 60; i++) {
      int from = i * texts.size();
      List<ScoredSample> judging =
          IntStream.range(0, texts.size())
              .mapToObj(k -> Stream.sample(from + k, texts.get(k), true, 0))
              .toList();
      TrainingBatch batch = new TrainingBatch(null, "foreign", i, List.of(), judging);
      state = learn(learner, state, batch).state();
      restored = learn(learner, LearnerState.fromBytes(restored.toBytes()), batch).state();
    }
    assertEquals(CONFIG.heldOut(), state.heldOut().entries().size());
    assertTrue(
        state.heldOut().entries().stream()
            .allMatch(judge -> Integer.parseInt(judge.id().substring(1)) >= 60 * 20 - 300));
    assertArrayEquals(state.toBytes(), restored.toBytes());
  }

  @Test
  void learn_manyHeldOut_examinesThoseThatJudgeAlone() {
    List<int[]> texts = new ArrayList<>(Bigrams.foreign().texts(300, 41));
    texts.add(new int[] {1});
    List<ScoredSample> judging =
        IntStream.range(0, texts.size())
            .mapToObj(k -> Stream.sample(1000 + k, texts.get(k), true, 0))
            .toList();
    TrainingBatch batch = new TrainingBatch(null, "foreign", 0, batch(0).samples(), judging);
    Learner learner = learner("store");
    LearnerState state = learn(learner, initial(learner), batch).state();
    List<String> examined =
        judging.stream()
            .filter(sample -> base.hasScored(sample.tokens()))
            .map(sample -> sample.sample().id())
            .toList();
    assertEquals(CONFIG.heldOut(), ids(state).size());
    assertEquals(Set.copyOf(ids(state)), Set.copyOf(examined));
  }

  /** What the batch left out may be any number of texts: those before them are too old. */
  @Test
  void learn_asManyHeldOutAsABatchCarries_judgeAloneWhateverOfThemIsLeftOut() {
    List<int[]> texts = Bigrams.foreign().texts(Reservoir.RECENT, 41);
    List<ScoredSample> judging =
        IntStream.range(0, texts.size())
            .mapToObj(k -> Stream.sample(k, k < 20 ? new int[] {1} : texts.get(k), true, 0))
            .toList();
    TrainingBatch batch = new TrainingBatch(null, "foreign", 0, batch(0).samples(), judging);
    List<HeldOut> before =
        IntStream.range(0, CONFIG.heldOut())
            .mapToObj(k -> new HeldOut("old" + k, EVENT, texts.get(k), 9, -1, -1))
            .toList();
    Learner learner = learner("store");
    List<String> gone =
        judging.subList(20, 40).stream().map(s -> s.sample().id()).sorted().toList();
    for (long seen : new long[] {before.size(), 5_000}) {
      LearnerState state =
          with(
              initial(learner),
              "heldOut",
              new Reservoir<>(CONFIG.heldOut(), seen, before),
              "forgotten",
              new Forgotten(gone, List.of()));
      List<String> now = ids(learn(learner, state, batch).state());
      assertEquals(CONFIG.heldOut(), now.size());
      assertTrue(
          now.stream().noneMatch(id -> id.startsWith("old") || gone.contains(id)), now::toString);
    }
  }

  @Test
  void learn_moreWaitThanMay_theOldestAreDropped() {
    Learner learner = learner("store");
    LearnerState state = initial(learner);
    for (int i = 0; i < 4; i++) {
      TrainingBatch unjudged = new TrainingBatch(null, "foreign", i, batch(i).samples(), List.of());
      state = learn(learner, state, unjudged).state();
    }
    assertEquals(CONFIG.waiting(), state.waiting().size());
    List<ScoredSample> last = batch(3).samples();
    assertEquals(
        last.get(last.size() - 1).sample().id(),
        state.waiting().get(state.waiting().size() - 1).id());
  }

  @Test
  void learn_lossNotANumber_leavesTheAdapterAndGoesOn() {
    Learner learner = learner("store");
    Outcome good = outcomes(learner, 1).get(0);
    base.poison(BigramBase.VOCAB - 1);
    Outcome refused = learn(learner, good.state(), batch(1));
    assertFalse(refused.verdict().accepted());
    assertNull(refused.release());
    assertNull(refused.verdict().release());
    assertEquals(good.verdict().release(), refused.verdict().parent());
    assertEquals(good.state().adapter(), refused.state().adapter());
    assertEquals(good.state().replay(), refused.state().replay());
    assertEquals(good.state().release(), refused.state().release());
    assertEquals(good.state().learnedTo(), refused.state().learnedTo());
    assertEquals(2, refused.state().batches());
    assertTrue(ids(refused.state()).containsAll(List.of("s34", "s39")));
    base.poison(-1);
    assertTrue(learn(learner, refused.state(), batch(2)).verdict().accepted());
  }

  @Test
  void learn_byOneTrainer_saysNothingOfExchangesInTheManifest() throws IOException {
    Manifest manifest = read(outcomes(learner("store"), 1).get(0).release()).manifest();
    assertTrue(
        manifest.plan().hyperparameters().keySet().stream()
            .noneMatch(key -> key.startsWith("exchange.")));
  }

  @Test
  void learn_alphasByPatterns_theManifestNamesThem() throws IOException {
    NamePatterns pattern = new NamePatterns(Map.of(), Map.of("mix", "5"));
    LearnerConfig config = with(CONFIG, "pattern", pattern);
    Release release = read(outcomes(learner("store", config), 1).get(0).release());
    assertEquals("5", release.manifest().plan().hyperparameters().get("pattern.alpha.mix"));
  }

  @Test
  void initial_patternThatFitsNothing_isRefusedBeforeAnythingIsLearned() {
    NamePatterns pattern = new NamePatterns(Map.of("q_proj", "2"), Map.of());
    LearnerConfig config = with(CONFIG, "pattern", pattern);
    var refused = assertThrows(IllegalArgumentException.class, () -> learner("store", config));
    assertTrue(refused.getMessage().contains("pattern q_proj fits no part"), refused::getMessage);
  }

  @Test
  void initial_memoryThatHoldsNoTokenAThread_isRefusedBeforeAnythingIsLearned() {
    LearnerConfig enough = CONFIG.with(with(CONFIG.plan(), "threads", 32, "memoryBytes", 32_768L));
    assertTrue(outcomes(learner("store", enough), 1).get(0).verdict().accepted());
    LearnerConfig less = CONFIG.with(with(enough.plan(), "threads", 33));
    var refused = assertThrows(IllegalArgumentException.class, () -> learner("store", less));
    assertEquals(
        "learn.plan.memoryBytes is 32768, for 0 tokens on each of 33 threads in FP32, expected one"
            + " token: 65536 holds them",
        refused.getMessage());
  }

  @Test
  void learn_neitherBetterNorWorse_isTaughtOnceMoreWithTheNext() {
    List<Outcome> outcomes = outcomes(learner("store", neverBetter()), 3);
    Outcome undecided = outcomes.get(0);
    assertNull(undecided.release());
    assertFalse(undecided.verdict().accepted());
    assertEquals("undecided", undecided.verdict().rules().get(0).rule());
    assertEquals(24.0, undecided.verdict().rules().get(0).figures().get("texts"));
    assertEquals(24, undecided.state().waiting().size());
    Outcome again = outcomes.get(1);
    assertNotEquals("undecided", again.verdict().rules().get(0).rule());
    assertEquals(48.0, again.verdict().rules().get(0).figures().get("texts"), "in-domain asks all");
    assertEquals(List.of(), again.state().waiting());
    assertEquals(24, outcomes.get(2).state().waiting().size());
  }

  @Test
  void learn_textsOfOneToken_areLeftOut() throws IOException {
    Learner learner = learner("store");
    Remembered one = new Remembered("one", EVENT, new int[] {1});
    LearnerState state = outcomes(learner, 1).get(0).state().withWaiting(List.of(one));
    List<int[]> texts = new ArrayList<>(List.of(new int[] {1}));
    batch(1).samples().forEach(sample -> texts.add(sample.tokens()));
    Outcome outcome = learn(learner, state, withSamples(batch(1), texts));
    assertTrue(outcome.verdict().accepted(), () -> outcome.verdict().toString());
    assertEquals(16, rule(outcome, "live-loss").figures().get("samples"));
    Set<String> learned = fresh(read(outcome.release()).manifest());
    assertFalse(learned.contains("one"));
    assertFalse(learned.contains("s900"), "the first of the batch");
  }

  @Test
  void learn_givenUp_publishesNothing() throws IOException {
    Learner learner = learner("store");
    assertThrows(
        CancellationException.class, () -> learner.learn(initial(learner), batch(0), () -> false));
    assertFalse(Files.exists(folder.resolve("store")));
  }

  /** As by an order: nobody would hear of the release, which whoever reads the store finds. */
  @Test
  void learn_givenUpWhileTheCandidateIsJudged_publishesNothing() {
    Learner learner = learner("store");
    AtomicBoolean trained = new AtomicBoolean();
    Governor governor =
        new Governor() {
          @Override
          public boolean proceed() {
            return !trained.get();
          }

          @Override
          public void training(boolean now) {
            trained.set(!now);
          }
        };
    assertThrows(
        CancellationException.class, () -> learner.learn(initial(learner), batch(0), governor));
    assertTrue(trained.get());
    assertFalse(Files.exists(folder.resolve("store")));
  }

  @Test
  void learn_batchAgain_isABrokenPromise() {
    Learner learner = learner("store");
    LearnerState after = outcomes(learner, 1).get(0).state();
    assertThrows(IllegalStateException.class, () -> learn(learner, after, batch(0)));
  }

  @Test
  void learn_severalBatches_knowsHowFarItCame() {
    LearnerState state = outcomes(learner("store"), 2).get(1).state();
    // samples 0 to 59, all but each fifth, odd ones on partition 1
    assertEquals(
        List.of(new Origin("samples", 0, 29), new Origin("samples", 1, 28)), state.learnedTo());
  }

  @Test
  void learn_batchOfOnePartition_knowsHowFarItCameOnTheOther() {
    Learner learner = learner("store");
    LearnerState first = outcomes(learner, 1).get(0).state();
    TrainingBatch batch = batch(1);
    List<ScoredSample> even =
        batch.samples().stream().filter(s -> s.sample().origin().partition() == 0).toList();
    Outcome next =
        learn(learner, first, new TrainingBatch(null, "foreign", 1, even, batch.heldOut()));
    assertTrue(next.verdict().accepted(), () -> next.verdict().toString());
    assertEquals(
        List.of(new Origin("samples", 0, 29), new Origin("samples", 1, 13)),
        next.state().learnedTo());
  }

  @Test
  void initial_otherDomain_drawsOtherWeights() {
    Learner learner = learner("store");
    assertNotEquals(
        learner.initial(null, "a").adapter().weights().factors().get(0).values()[0],
        learner.initial(null, "b").adapter().weights().factors().get(0).values()[0]);
  }

  private static double bitsPerByte(Outcome outcome) {
    return rule(outcome, "better-than-incumbent").figures().get("bitsPerByteCandidate");
  }
}
