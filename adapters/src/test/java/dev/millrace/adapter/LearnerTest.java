package dev.millrace.adapter;

import static dev.millrace.adapter.Configs.with;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.adapter.batch.Draws;
import dev.millrace.adapter.batch.Remembered;
import dev.millrace.adapter.bigram.BigramBase;
import dev.millrace.adapter.bigram.Bigrams;
import dev.millrace.adapter.bigram.Letters;
import dev.millrace.adapter.bigram.Stream;
import dev.millrace.adapter.exchange.ExchangeConfig;
import dev.millrace.adapter.gate.GateConfig;
import dev.millrace.adapter.gate.HeldOut;
import dev.millrace.adapter.gate.LessonConfig;
import dev.millrace.adapter.gate.ProtectedSet;
import dev.millrace.adapter.gate.Protection;
import dev.millrace.adapter.publish.Draft;
import dev.millrace.adapter.publish.ReleaseStore;
import dev.millrace.adapter.publish.StoreFiles;
import dev.millrace.adapter.quantize.Quantizer;
import dev.millrace.adapter.train.Governor;
import dev.millrace.adapter.train.Machine;
import dev.millrace.adapter.train.Parameters;
import dev.millrace.adapter.train.Plan;
import dev.millrace.adapter.train.TrainPrecision;
import dev.millrace.model.adapter.NamePatterns;
import dev.millrace.model.base.Products;
import dev.millrace.model.distil.Exam;
import dev.millrace.model.kinds.AdapterCodec;
import dev.millrace.model.release.LearnedSample;
import dev.millrace.model.release.Manifest;
import dev.millrace.model.release.Release;
import dev.millrace.model.release.ReleaseReader;
import dev.millrace.model.release.Routing;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.ReleaseEvent.Kind;
import dev.millrace.schema.RuleResult;
import dev.millrace.schema.ScoredSample;
import dev.millrace.schema.TrainingBatch;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.ToIntBiFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LearnerTest {
  private static final LearnerConfig CONFIG =
      with(Configs.LEARNER, "watch", new WatchConfig(16, 32, 16, 0.01, 0.99, 1000, 0));

  private static final Origin EVENT = new Origin("releases", 0, 41);

  /** The place of a sample of batch 1 that has expired since. */
  private static final Origin EXPIRED = batch(1).samples().get(7).sample().origin();

  @TempDir Path folder;

  private final BigramBase base = new BigramBase(Bigrams.known());

  @AfterEach
  void everyAdapterIsClosed() {
    assertEquals(0, base.loaded());
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
            return told.get(told.size() - 1);
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

  private static RuleResult rule(Outcome outcome, String name) {
    return outcome.verdict().rules().stream()
        .filter(rule -> rule.rule().equals(name))
        .findFirst()
        .orElseThrow();
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
    Set<String> ids = new HashSet<>();
    read(learned.release()).manifest().learned().forEach(sample -> ids.add(sample.sample()));
    first.samples().forEach(sample -> assertTrue(ids.contains(sample.sample().id())));
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
  void learn_harmsProtectedOnly_takesOverAsMuchAsDoesNot() throws IOException {
    Learner halving = learner("halving", withProtectedBound(0.0005, 5));
    Outcome halved = outcomes(halving, 2).get(1);
    assertTrue(halved.verdict().accepted(), () -> halved.verdict().toString());
    String share = read(halved.release()).manifest().plan().hyperparameters().get("share");
    assertTrue(Double.parseDouble(share) < 1, share);
  }

  @Test
  void learn_harmsProtected_anchorsAloneBringItBackAndItIsTrainedAgainAlike() throws IOException {
    LearnerConfig config = withProtectedBound(0.0003, 5);
    Outcome outcome = outcomes(learner("store", config), 1).get(0);
    Manifest manifest = read(outcome.release()).manifest();
    RuleResult repaired = rule(outcome, "repaired");
    assertTrue(repaired.figures().get("before") > 1, repaired::reason);
    assertTrue(repaired.figures().get("after") <= 1, repaired::reason);
    assertEquals("1.0", manifest.plan().hyperparameters().get("share"));
    assertEquals(
        repaired.figures().get("passes"),
        Double.parseDouble(manifest.plan().hyperparameters().get("repairs")));
    assertTrue(retrainer(config).train(manifest, null, null).equalTo(manifest));
  }

  @Test
  void learn_harmsProtectedALittle_takesOverAShareAndIsNotRepaired() throws IOException {
    Outcome far = outcomes(learner("far", withProtectedBound(0.0003, 5)), 1).get(0);
    double rise = 0.0003 * rule(far, "repaired").figures().get("before");
    Outcome near = outcomes(learner("near", withProtectedBound(rise / 1.2, 5)), 1).get(0);
    Map<String, String> how = read(near.release()).manifest().plan().hyperparameters();
    assertTrue(Double.parseDouble(how.get("share")) < 1, how::toString);
    assertFalse(how.containsKey("repairs"), how::toString);
  }

  @Test
  void learn_givenUpAtTheEndOfARepair_leadsToTheSameReleaseTheNextTime() throws IOException {
    Learner learner = learner("store", withProtectedBound(0.0003, 5));
    LearnerState before = initial(learner);
    AtomicInteger asked = new AtomicInteger();
    Outcome calm = learner.learn(before, batch(0), () -> asked.incrementAndGet() > 0);
    assertTrue(read(calm.release()).manifest().plan().hyperparameters().containsKey("repairs"));
    AtomicInteger left = new AtomicInteger(asked.get());
    Governor killer = () -> left.decrementAndGet() > 0;
    assertThrows(CancellationException.class, () -> learner.learn(before, batch(0), killer));
    assertEquals(calm.release(), learn(learner, before, batch(0)).release());
  }

  @Test
  void learn_harmsProtectedInFewTexts_takesOverAShareAtOnce() throws IOException {
    LearnerConfig config =
        withProtectedBound(0.0003, 5, new LessonConfig(0, 25, 0, 0, 0, 0, 0, 0, 0));
    Outcome outcome = outcomes(learner("store", config), 1).get(0);
    Map<String, String> how = read(outcome.release()).manifest().plan().hyperparameters();
    assertTrue(Double.parseDouble(how.get("share")) < 1, how::toString);
    assertFalse(how.containsKey("repairs"), how::toString);
  }

  @Test
  void obey_rollback_learnsOnFromTheReleaseAndNothingThatCameAfterIt() throws IOException {
    Learner learner = learner("store");
    List<Outcome> outcomes = outcomes(learner, 3);
    Outcome target = outcomes.get(0);
    LearnerState last = outcomes.get(2).state();
    Outcome obeyed = obey(learner, last, event(target.release(), Action.ROLLBACK));
    assertTrue(obeyed.verdict().accepted(), () -> obeyed.verdict().toString());
    assertNull(obeyed.release());
    LearnerState state = LearnerState.fromBytes(obeyed.state().toBytes());
    assertEquals(target.state().learnedTo(), state.learnedTo());
    assertArrayEquals(weights(target.state()), weights(state));
    assertEquals(0, state.adapter().step());
    Set<String> known = new HashSet<>();
    target.state().replay().past().entries().forEach(sample -> known.add(sample.id()));
    assertFalse(state.replay().past().entries().isEmpty());
    state.replay().past().entries().forEach(s -> assertTrue(known.contains(s.id()), s::id));
    Outcome next = learn(learner, state, batch(3));
    assertTrue(next.verdict().accepted(), () -> next.verdict().toString());
    Manifest manifest = read(next.release()).manifest();
    assertEquals(target.verdict().release(), manifest.parent());
    assertEquals(EVENT, manifest.obeyed());
    assertNull(read(learn(learner, next.state(), batch(4)).release()).manifest().obeyed());
  }

  @Test
  void obey_rollbackPastSamplesThatWaitedForTheirDomain_replaysNoneOfThem() throws IOException {
    Learner learner = learner("store");
    Outcome target = learn(learner, initial(learner), appendedLater(batch(0)));
    Outcome last = learn(learner, target.state(), batch(1));
    assertTrue(last.verdict().accepted(), () -> last.verdict().toString());
    LearnerState state =
        obey(learner, last.state(), event(target.release(), Action.ROLLBACK)).state();
    Set<String> known = new HashSet<>();
    target.state().replay().past().entries().forEach(sample -> known.add(sample.id()));
    assertFalse(state.replay().past().entries().isEmpty());
    state.replay().past().entries().forEach(s -> assertTrue(known.contains(s.id()), s::id));
  }

  /** The same samples, from further down their topic. */
  private static TrainingBatch appendedLater(TrainingBatch batch) {
    List<ScoredSample> samples =
        batch.samples().stream()
            .map(
                scored -> {
                  Origin origin = scored.sample().origin();
                  Origin later =
                      new Origin(origin.topic(), origin.partition(), origin.offset() + 10_000);
                  return new ScoredSample(
                      scored.sample().withOrigin(later),
                      scored.tokens(),
                      scored.entropy(),
                      scored.diversity(),
                      scored.quality(),
                      scored.heldOut());
                })
            .toList();
    return new TrainingBatch(
        batch.tenant(), batch.domain(), batch.number(), samples, batch.heldOut());
  }

  @Test
  void retrain_lineageWithHalvingsReplayAndARollback_hasTheSameFiles() throws IOException {
    LearnerConfig config = withProtectedBound(0.0005, 5);
    Learner learner = learner("store", config);
    List<Outcome> outcomes = outcomes(learner, 3);
    Retrainer retrainer = retrainer(config);
    assertFalse(retrained(outcomes, retrainer).isEmpty());
    ReleaseEvent first = outcomes.get(0).release();
    LearnerState state =
        obey(learner, outcomes.get(2).state(), event(first, Action.ROLLBACK)).state();
    Outcome next = learn(learner, state, batch(3));
    assertTrue(next.verdict().accepted(), () -> next.verdict().toString());
    Manifest manifest = read(next.release()).manifest();
    assertTrue(retrainer.train(manifest, null, read(first)).equalTo(manifest));
    assertFalse(retrainer.train(manifest, null, null).equalTo(manifest));
  }

  @Test
  void retrain_lineageOfSeveralTrainersWithARollback_hasTheSameFiles() throws IOException {
    LearnerConfig config = several(withProtectedBound(0.0005, 5));
    Learner learner = learner("store", config);
    List<Outcome> outcomes = outcomes(learner, 3);
    Retrainer retrainer = retrainer(config);
    List<Map<String, String>> releases = retrained(outcomes, retrainer);
    assertTrue(releases.size() > 1, "a release goes on from one before it");
    for (Map<String, String> hyperparameters : releases) {
      assertEquals("2", hyperparameters.get("exchange.processes"));
      assertFalse(hyperparameters.containsKey("exchange.patienceMillis"));
    }
    ReleaseEvent first = outcomes.get(0).release();
    LearnerState state =
        obey(learner, outcomes.get(2).state(), event(first, Action.ROLLBACK)).state();
    assertEquals(0, state.adapter().step(), "what was taken back leaves no moments");
    Outcome next = learn(learner, state, batch(3));
    assertTrue(next.verdict().accepted(), () -> next.verdict().toString());
    Manifest manifest = read(next.release()).manifest();
    assertTrue(retrainer.train(manifest, null, read(first)).equalTo(manifest));
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

  /** Of whatever base. */
  private static Manifest manifest(ReleaseEvent event) throws IOException {
    return ReleaseReader.readManifest(LearnerTest::read, event.uri(), event.release());
  }

  /** Trains the releases of the first batches again. */
  private Retrainer retrainer(LearnerConfig config) {
    Map<Origin, int[]> tokens = new HashMap<>();
    for (int i = 0; i < 5; i++) {
      batch(i).samples().forEach(s -> tokens.put(s.sample().origin(), s.tokens()));
    }
    return new Retrainer(base, Bigrams.known().texts(400, 21), values -> config, tokens::get);
  }

  /** Trains each release again, behind the one before, to the same files; what their plans say. */
  private List<Map<String, String>> retrained(List<Outcome> outcomes, Retrainer retrainer)
      throws IOException {
    Retrainer.Again last = null;
    List<Map<String, String>> plans = new ArrayList<>();
    for (Outcome outcome : outcomes) {
      if (outcome.release() != null) {
        Manifest manifest = read(outcome.release()).manifest();
        last = retrainer.train(manifest, last, null);
        assertTrue(last.equalTo(manifest));
        plans.add(manifest.plan().hyperparameters());
      }
    }
    return plans;
  }

  private static LearnerConfig several(LearnerConfig c) {
    return with(c, "exchange", new ExchangeConfig(2, 2, 2, "int8", 1_000));
  }

  @Test
  void learn_everyShareGoesTooFar_theAnchorsWeighMoreAndItIsTrainedAgainAlike() throws IOException {
    LearnerConfig config = withProtectedBound(0.0005, 0);
    List<String> anchors =
        retrained(outcomes(learner("store", config), 3), retrainer(config)).stream()
            .map(hyperparameters -> hyperparameters.getOrDefault("anchors", "1"))
            .toList();
    assertEquals("1", anchors.get(0), "nothing is harmed before there is a release");
    assertTrue(Double.parseDouble(anchors.get(1)) > 2, anchors::toString);
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
  void obey_pin_nothingIsTrainedUntilItIsTakenBackAndNothingIsLost() throws IOException {
    Learner learner = learner("store");
    List<Outcome> outcomes = outcomes(learner, 2);
    ReleaseEvent release = outcomes.get(0).release();
    LearnerState pinned =
        obey(learner, outcomes.get(1).state(), event(release, Action.PIN)).state();
    Outcome waits = learn(learner, LearnerState.fromBytes(pinned.toBytes()), batch(2));
    assertNull(waits.release());
    assertEquals(
        List.of("unpinned"), waits.verdict().rules().stream().map(RuleResult::rule).toList());
    LearnerState free = obey(learner, waits.state(), event(release, Action.ROLLBACK)).state();
    Outcome next = learn(learner, free, batch(3));
    assertTrue(next.verdict().accepted(), () -> next.verdict().toString());
    Manifest manifest = read(next.release()).manifest();
    assertEquals(release.release(), manifest.parent());
    Set<String> ids = new HashSet<>();
    manifest.learned().forEach(sample -> ids.add(sample.sample()));
    batch(2).samples().forEach(sample -> assertTrue(ids.contains(sample.sample().id())));
    batch(3).samples().forEach(sample -> assertTrue(ids.contains(sample.sample().id())));
  }

  @Test
  void learn_releaseLosesToTheOneBeforeOnFreshSamples_isTakenBack() throws IOException {
    Learner learner = learner("store");
    List<Outcome> outcomes = outcomes(learner, 2);
    ReleaseEvent good = outcomes.get(0).release();
    Outcome taken = learn(learner, outcomes.get(1).state(), backwards(2));
    assertFalse(taken.verdict().accepted());
    assertEquals("live-loss", taken.verdict().rules().get(0).rule());
    assertEquals(1, taken.verdict().rules().size());
    ReleaseEvent event = taken.release();
    assertNotNull(event);
    assertEquals(Action.ROLLBACK, event.action());
    assertEquals(good.release(), event.release());
    assertEquals(good.uri(), event.uri());
    assertEquals(good.batch(), event.batch());
    assertEquals(taken.verdict().rules().get(0).reason(), event.reason());
    LearnerState state = LearnerState.fromBytes(taken.state().toBytes());
    assertEquals(good.release(), state.release());
    assertArrayEquals(
        AdapterCodec.encode(read(good).adapter()),
        AdapterCodec.encode(Quantizer.quantize(state.adapter().weights())));
    assertEquals(outcomes.get(0).state().learnedTo(), state.learnedTo());

    Outcome next = learn(learner, state, batch(3));
    assertTrue(next.verdict().accepted(), () -> next.verdict().toString());
    Manifest manifest = read(next.release()).manifest();
    assertEquals(good.release(), manifest.parent());
    assertEquals(new Origin("live-loss", 0, 2), manifest.obeyed());
    Set<String> ids = new HashSet<>();
    manifest.learned().forEach(sample -> ids.add(sample.sample()));
    backwards(2).samples().forEach(sample -> assertTrue(ids.contains(sample.sample().id())));
  }

  /** An adapter from elsewhere is taken over by an order, and watched as what was learned here. */
  @Test
  void learn_adoptedReleaseLosesToTheOneBeforeOnFreshSamples_isTakenBack() throws IOException {
    Learner learner = learner("store");
    List<Outcome> outcomes = outcomes(learner, 2);
    ReleaseEvent before = outcomes.get(0).release();
    Adoption adoption =
        new Adopter(surroundings("store", base), CONFIG)
            .adopt(
                new Proposal(
                    null, "foreign", read(outcomes.get(1).release()).adapter(), "/elsewhere"),
                () -> new Adopter.Now(read(before), false),
                () -> batch(1).heldOut());
    assertTrue(adoption.verdict().accepted(), () -> adoption.verdict().toString());
    LearnerState adopted = obey(learner, outcomes.get(0).state(), adoption.release()).state();
    assertEquals(adoption.release().release(), adopted.release());
    Outcome taken = learn(learner, LearnerState.fromBytes(adopted.toBytes()), backwards(2));
    assertEquals("live-loss", taken.verdict().rules().get(0).rule());
    assertEquals(Action.ROLLBACK, taken.release().action());
    assertEquals(before.release(), taken.release().release());
    LearnerState again = obey(learner, adopted, adoption.release()).state();
    assertNull(again.watch().before(), "an order to stay where it is, is no reason to watch");
  }

  /** Judging takes long, and its order would take the domain off the pin. */
  @Test
  void adopt_pinnedWhileItIsJudged_isRefused() throws IOException {
    List<Outcome> outcomes = outcomes(learner("store"), 2);
    Release before = read(outcomes.get(0).release());
    Release better = read(outcomes.get(1).release());
    AtomicInteger asked = new AtomicInteger();
    Adoption adoption =
        new Adopter(surroundings("store", base), CONFIG)
            .adopt(
                new Proposal(null, "foreign", better.adapter(), "/elsewhere"),
                () -> new Adopter.Now(before, asked.getAndIncrement() > 0),
                () -> batch(1).heldOut());
    assertNull(adoption.release());
    assertFalse(adoption.verdict().accepted());
    assertEquals("unpinned", adoption.verdict().rules().get(0).rule());
  }

  @Test
  void learn_firstReleaseLosesToTheBase_theBaseAnswers() {
    Learner learner = learner("store");
    Outcome taken = learn(learner, outcomes(learner, 1).get(0).state(), leaving(1));
    assertNotNull(taken.release());
    assertEquals(Action.ROLLBACK, taken.release().action());
    assertEquals("", taken.release().release());
    assertNull(taken.state().release());
    assertArrayEquals(weights(initial(learner)), weights(taken.state()));
  }

  @Test
  void learn_withholding_eachReleaseIsPromotedByTheFreshSamplesOfTheNextBatch() {
    List<Outcome> outcomes = outcomes(learner("store", withholding(0.9)), 2);
    ReleaseEvent first = outcomes.get(0).release();
    assertEquals(0.9, first.withheld());
    assertNull(outcomes.get(0).promoted());
    ReleaseEvent promoted = outcomes.get(1).promoted();
    assertEquals(Action.PUBLISH, promoted.action());
    assertEquals(first.release(), promoted.release());
    assertEquals(first.uri(), promoted.uri());
    assertEquals(first.parent(), promoted.parent());
    assertEquals(first.batch(), promoted.batch());
    assertEquals(0, promoted.withheld());
    assertEquals(first.release(), outcomes.get(1).release().parent());
    assertEquals(0.9, outcomes.get(1).release().withheld());
  }

  @Test
  void learn_tooFewFreshSamplesToEndATrial_waitAndAreLearnedWhenItHasEnded() throws IOException {
    Learner learner = learner("store", withholding(1));
    Outcome first = outcomes(learner, 1).get(0);
    TrainingBatch full = batch(1);
    TrainingBatch few =
        new TrainingBatch(null, "foreign", 1, full.samples().subList(0, 9), full.heldOut());
    Outcome waits = learn(learner, first.state(), few);
    assertNull(waits.release());
    assertNull(waits.promoted());
    assertEquals("tried", waits.verdict().rules().get(0).rule());
    Outcome next = learn(learner, LearnerState.fromBytes(waits.state().toBytes()), batch(2));
    assertEquals(first.release().release(), next.promoted().release());
    Set<String> ids = fresh(read(next.release()).manifest());
    few.samples().forEach(sample -> assertTrue(ids.contains(sample.sample().id())));
  }

  @Test
  void learn_losesOnTrial_isTakenBackAndNotPromoted() {
    Learner learner = learner("store", withholding(0.5));
    List<Outcome> outcomes = outcomes(learner, 2);
    Outcome taken = learn(learner, outcomes.get(1).state(), backwards(2));
    assertNull(taken.promoted());
    assertEquals(Action.ROLLBACK, taken.release().action());
    assertEquals(outcomes.get(0).release().release(), taken.release().release());
    assertFalse(taken.state().watch().trial());
  }

  @Test
  void learn_onANewBase_beginsAnewAndIsAShadowUntilItIsBetterThanWhatServes() throws IOException {
    Outcome old = outcomes(learner("store"), 3).get(2);
    BigramBase fresh = new BigramBase("c".repeat(64), Bigrams.known());
    Learner learner = learner("store", CONFIG, fresh);
    LearnerState state = old.state();
    String parent = null;
    List<Double> withheld = new ArrayList<>();
    for (int i = 3; i < 24 && !withheld.contains(0.0); i++) {
      Outcome outcome = learn(learner, LearnerState.fromBytes(state.toBytes()), batch(i));
      state = outcome.state();
      ReleaseEvent event = outcome.release();
      if (event != null) {
        Release release =
            ReleaseReader.read(
                LearnerTest::read, event.uri(), event.release(), fresh.id(), fresh.sites());
        assertEquals(fresh.id(), release.manifest().base());
        assertEquals(parent, release.manifest().parent());
        assertEquals(old.release().release(), event.parent());
        parent = event.release();
        withheld.add(event.withheld());
        assertEquals(event.withheld() > 0, state.predecessor() != null);
      }
    }
    assertEquals(1.0, withheld.get(0));
    assertEquals(0.0, withheld.get(withheld.size() - 1), withheld::toString);
    assertNull(state.predecessor());
    assertEquals(parent, state.release());
    assertEquals(0, fresh.loaded());
  }

  @Test
  void learn_onANewBaseToWhichItsReleaseWasBrought_goesOnFromThere() throws IOException {
    List<Outcome> old = outcomes(learner("store"), 3);
    ReleaseEvent last = old.get(2).release();
    BigramBase fresh = new BigramBase("c".repeat(64), Bigrams.known());
    Manifest brought = brought(last, fresh);
    Learner learner = learner(fresh, Map.of(last.release(), brought.id()));

    Outcome next = learn(learner, LearnerState.fromBytes(old.get(2).state().toBytes()), batch(3));
    assertEquals(brought.id(), next.verdict().parent());
    for (int i = 4; i < 24 && next.release() == null; i++) {
      next = learn(learner, LearnerState.fromBytes(next.state().toBytes()), batch(i));
    }

    assertNotNull(next.release());
    assertEquals(last.release(), next.release().parent());
    Manifest manifest = manifest(next.release());
    assertEquals(brought.id(), manifest.parent());
    assertEquals(new Origin("rebased", 0, brought.batch()), manifest.obeyed());
    assertEquals(0, next.release().withheld(), "it begins as good as what serves");
    assertNull(next.state().predecessor());

    Outcome back = obey(learner, old.get(2).state(), event(last, Action.ROLLBACK));
    assertEquals(brought.id(), back.state().release());
    assertNotNull(back.state().predecessor());
  }

  @Test
  void obey_forgetOfWhatABroughtReleaseKnew_learnsAllAgainWithoutIt() throws IOException {
    List<Outcome> old = outcomes(learner("store"), 3);
    ReleaseEvent last = old.get(2).release();
    BigramBase fresh = new BigramBase("c".repeat(64), Bigrams.known());
    Learner learner = learner(fresh, Map.of(last.release(), brought(last, fresh).id()));
    LearnerState moved = obey(learner, old.get(2).state(), event(last, Action.ROLLBACK)).state();
    List<String> gone =
        batch(2).samples().subList(3, 9).stream().map(s -> s.sample().id()).toList();
    ReleaseEvent to = old.get(1).release();

    List<Outcome> obeyed = obeyed(learner, moved, event(to, Action.FORGET).forgetting(gone));

    assertTrue(obeyed.get(0).verdict().accepted(), () -> obeyed.get(0).verdict().toString());
    assertNull(obeyed.get(0).state().release());
    Set<String> taught = new HashSet<>();
    for (Outcome again : obeyed) {
      if (again.release() != null) {
        assertEquals(to.release(), again.release().parent());
        Manifest manifest = manifest(again.release());
        manifest.learned().forEach(sample -> taught.add(sample.sample()));
      }
    }
    assertTrue(taught.contains(batch(2).samples().get(0).sample().id()), taught::toString);
    assertTrue(taught.stream().noneMatch(gone::contains));
  }

  @Test
  void learn_onANewBaseFromWhichWhatWasBroughtIsGone_beginsAnew() {
    Outcome old = outcomes(learner("store"), 1).get(0);
    BigramBase fresh = new BigramBase("c".repeat(64), Bigrams.known());
    Learner learner = learner(fresh, Map.of(old.release().release(), "d".repeat(64)));
    Outcome next = learn(learner, old.state(), batch(1));
    assertNull(next.verdict().parent());
    assertNotNull(next.state().predecessor());
  }

  @Test
  void learn_onANewBaseThatWhatWasBroughtIsNotRoutedAs_beginsAnew() throws IOException {
    Outcome old = outcomes(learner("store"), 1).get(0);
    BigramBase fresh = new BigramBase("c".repeat(64), Bigrams.known());
    Manifest brought = routedOtherwise(brought(old.release(), fresh));
    Learner learner = learner(fresh, Map.of(old.release().release(), brought.id()));
    assertNull(learn(learner, old.state(), batch(1)).verdict().parent());
  }

  /** A release on another base that says the same, stored beside it. */
  private Manifest brought(ReleaseEvent event, BigramBase fresh) throws IOException {
    Rebaser rebaser =
        new Rebaser(
            base,
            fresh,
            new Rebaser.Recipe(4, 1e-4, 1),
            Plan.defaults(),
            Machine.here(1, "bigram"));
    Exam exam =
        new Exam(
            Bigrams.foreign().texts(4, 31).stream()
                .map(text -> new Exam.Text("foreign", text, text.length))
                .toList());
    Draft draft =
        rebaser
            .rebase(
                read(event),
                Bigrams.foreign().texts(20, 32),
                exam,
                exam,
                new Rebaser.Bounds(0.01, 0.01))
            .draft();
    String unused = ReleaseStore.of(StoreFiles.in(folder.resolve("store"))).publish(draft);
    return draft.manifest();
  }

  private Learner learner(BigramBase fresh, Map<String, String> rebased) {
    Surroundings plain = surroundings("store", fresh);
    return Learner.of(
        new Surroundings(
            fresh,
            plain.tokenizer(),
            plain.anchors(),
            plain.protection(),
            plain.store(),
            plain.published(),
            plain.past(),
            plain.machine(),
            plain.clock(),
            rebased),
        CONFIG);
  }

  @Test
  void learn_onANewBaseWithNothingToCompareBy_staysAShadow() {
    LearnerState old = outcomes(learner("store"), 1).get(0).state();
    BigramBase fresh = new BigramBase("c".repeat(64), Bigrams.known());
    Learner learner = Learner.of(surroundings("store", fresh, PastSamples.none()), CONFIG);
    Outcome outcome = learn(learner, old, batch(1));
    assertNotNull(outcome.release(), () -> outcome.verdict().toString());
    assertEquals(1, outcome.release().withheld());
    assertNotNull(outcome.state().predecessor());
  }

  @Test
  void obey_forgetWhileItMovesToANewBase_beginsAnewThereBesideWhatServes() throws IOException {
    List<Outcome> old = outcomes(learner("store"), 3);
    Learner learner = learner("store", CONFIG, new BigramBase("c".repeat(64), Bigrams.known()));
    Outcome shadow = learn(learner, old.get(2).state(), batch(3));
    assertNotNull(shadow.release(), () -> shadow.verdict().toString());
    List<String> gone =
        batch(3).samples().subList(3, 9).stream().map(s -> s.sample().id()).toList();
    ReleaseEvent to = old.get(1).release();
    ReleaseEvent forget = event(to, Action.FORGET).forgetting(gone);

    List<Outcome> obeyed = obeyed(learner, shadow.state(), forget);

    assertTrue(obeyed.get(0).verdict().accepted(), () -> obeyed.get(0).verdict().toString());
    assertEquals(to.release(), obeyed.get(0).verdict().release());
    assertNull(obeyed.get(0).state().release());
    assertEquals(2, obeyed.size());
    Outcome again = obeyed.get(1);
    assertNotNull(again.release(), () -> again.verdict().toString());
    assertEquals(to.release(), again.release().parent());
    assertEquals(1, again.release().withheld());
    Manifest manifest = manifest(again.release());
    assertNull(manifest.parent());
    assertTrue(manifest.learned().stream().noneMatch(s -> gone.contains(s.sample())));
    assertTrue(again.state().forgotten().samples().containsAll(gone));
  }

  @Test
  void obey_unpinnedOnANewBase_learnsThere() throws IOException {
    Learner before = learner("store");
    Outcome first = outcomes(before, 1).get(0);
    LearnerState pinned = obey(before, first.state(), event(first.release(), Action.PIN)).state();
    Learner learner = learner("store", CONFIG, new BigramBase("c".repeat(64), Bigrams.known()));
    LearnerState moved = learn(learner, pinned, batch(1)).state();
    assertTrue(moved.orders().pinned());
    Outcome unpinned = obey(learner, moved, event(first.release(), Action.ROLLBACK));
    assertTrue(unpinned.verdict().accepted(), () -> unpinned.verdict().toString());
    Outcome shadow = learn(learner, unpinned.state(), batch(2));
    assertNotNull(shadow.release(), () -> shadow.verdict().toString());
    assertEquals(first.release().release(), shadow.release().parent());
  }

  /** Another tokenizer may leave nothing to predict of a text. */
  @Test
  void learn_onANewBaseOfWhichSomeTextsAreOneToken_leavesThoseOut() throws IOException {
    Learner learner = learner("store");
    Outcome first = outcomes(learner, 1).get(0);
    LearnerState pinned = obey(learner, first.state(), event(first.release(), Action.PIN)).state();
    LearnerState waits = learn(learner, pinned, batch(1)).state();
    BigramBase fresh = new BigramBase("c".repeat(64), Bigrams.known());
    PastSamples cut =
        places -> {
          Map<Origin, int[]> found = past(places);
          found.replaceAll((at, text) -> at.offset() % 3 == 0 ? new int[] {text[0]} : text);
          return found;
        };
    Outcome moved = learn(Learner.of(surroundings("store", fresh, cut), CONFIG), waits, batch(2));
    assertEquals(
        List.of("unpinned"), moved.verdict().rules().stream().map(RuleResult::rule).toList());
    List<Remembered> waiting = moved.state().waiting();
    assertTrue(waiting.stream().allMatch(sample -> sample.tokens().length > 1));
    assertTrue(waiting.size() > batch(2).samples().size(), "those that can be read wait still");
    assertTrue(
        moved.state().heldOut().entries().stream().allMatch(judge -> judge.tokens().length > 1));
  }

  /** Of a text that is longer than what is learned another tokenizer keeps more or less. */
  @Test
  void learn_onANewBaseThatReadsLessOfTexts_isComparedByAsMuchOfThem() {
    Learner learner = learner("store");
    Outcome first = outcomes(learner, 1).get(0);
    LearnerState old = obey(learner, first.state(), event(first.release(), Action.PIN)).state();
    BigramBase fresh = new BigramBase("c".repeat(64), Bigrams.known());
    PastSamples cut =
        places -> {
          Map<Origin, int[]> found = past(places);
          found.replaceAll((at, text) -> Arrays.copyOf(text, text.length / 2));
          return found;
        };
    LearnerState moved =
        learn(Learner.of(surroundings("store", fresh, cut), CONFIG), old, batch(1)).state();
    Map<String, Double> logProbs = moved.predecessor().logProbs();
    assertFalse(logProbs.isEmpty());
    for (HeldOut before : old.heldOut().entries()) {
      int now = before.bytes() / 2;
      assertEquals(
          before.incumbentLogProb() * now / before.bytes(), logProbs.get(before.id()), 1e-9);
    }
  }

  @Test
  void learn_textOfOneTokenWaits_isLeftOut() throws IOException {
    Learner learner = learner("store");
    Remembered one = new Remembered("one", EVENT, new int[] {1});
    LearnerState state = outcomes(learner, 1).get(0).state().withWaiting(List.of(one));
    Outcome outcome = learn(learner, state, batch(1));
    assertTrue(outcome.verdict().accepted(), () -> outcome.verdict().toString());
    assertFalse(fresh(read(outcome.release()).manifest()).contains("one"));
  }

  @Test
  void learn_losesWhilePinned_isNotTakenBack() {
    Learner learner = learner("store");
    List<Outcome> outcomes = outcomes(learner, 2);
    ReleaseEvent last = outcomes.get(1).release();
    LearnerState pinned = with(outcomes.get(1).state(), "orders", new Orders(EVENT, true));
    Outcome waits = learn(learner, pinned, backwards(2));
    assertNull(waits.release());
    assertEquals(last.release(), waits.state().release());
  }

  @Test
  void learn_goesOnWell_verdictsSayWhatFreshSamplesCost() {
    Outcome second = outcomes(learner("store"), 2).get(1);
    RuleResult live = second.verdict().rules().get(0);
    assertEquals("live-loss", live.rule());
    assertTrue(live.passed());
    assertEquals(16, live.figures().get("samples"));
    assertTrue(live.figures().get("nats") < live.figures().get("natsBefore"), live::toString);
  }

  /** Texts that step the other way: who learned the domain loses to who did not. */
  private static TrainingBatch backwards(int number) {
    return changed(number, (tokens, t) -> tokens[tokens.length - 1 - t]);
  }

  /** Texts that leave the half of the alphabet in which the domain stays, at every second step. */
  private static TrainingBatch leaving(int number) {
    return changed(number, (tokens, t) -> t % 2 == 0 ? 8 + t * 5 % 8 : t * 3 % 8);
  }

  private static TrainingBatch changed(int number, ToIntBiFunction<int[], Integer> token) {
    TrainingBatch batch = batch(number);
    List<ScoredSample> samples = new ArrayList<>();
    for (ScoredSample sample : batch.samples()) {
      int[] was = sample.tokens();
      int[] is = IntStream.range(0, was.length).map(t -> token.applyAsInt(was, t)).toArray();
      samples.add(new ScoredSample(sample.sample(), is, 2, 0.5, 1.5, false));
    }
    return new TrainingBatch(null, "foreign", number, samples, batch.heldOut());
  }

  @Test
  void obey_forgetWithoutARelease_returnsToTheBase() {
    Learner learner = learner("store");
    Outcome last = outcomes(learner, 2).get(1);
    ReleaseEvent nothing =
        new ReleaseEvent(
            null, "foreign", Kind.ADAPTER, Action.FORGET, "", "", null, 0, "test", EVENT);
    LearnerState state = obey(learner, last.state(), nothing).state();
    assertNull(state.release());
    assertArrayEquals(weights(initial(learner)), weights(state));
    assertEquals(List.of(), state.replay().past().entries());
    state
        .heldOut()
        .entries()
        .forEach(sample -> assertEquals(sample.baseLogProb(), sample.incumbentLogProb(), 1e-9));
  }

  @Test
  void obey_forgetSamples_learnsAllOthersAgainAsIfTheyHadNeverBeen() throws IOException {
    Learner learner = learner("store");
    List<Outcome> outcomes = outcomes(learner, 3);
    TrainingBatch second = batch(1);
    List<String> gone =
        second.samples().subList(3, 9).stream().map(sample -> sample.sample().id()).toList();
    ReleaseEvent forget = event(outcomes.get(0).release(), Action.FORGET).forgetting(gone);

    List<Outcome> again = obeyed(learner, outcomes.get(2).state(), forget);

    assertEquals(3, again.size());
    assertEquals("forget-obeyed", again.get(0).verdict().rules().get(0).rule());
    assertEquals(2, again.get(0).verdict().rules().get(0).figures().get("releasesLeft"));
    String parent = outcomes.get(0).verdict().release();
    for (int i = 1; i < 3; i++) {
      Outcome outcome = again.get(i);
      assertTrue(outcome.verdict().accepted(), () -> outcome.verdict().toString());
      assertEquals("learned-again", outcome.verdict().rules().get(0).rule());
      Manifest manifest = read(outcome.release()).manifest();
      assertEquals(parent, manifest.parent());
      assertEquals(i, manifest.batch());
      assertEquals(i == 1 ? EVENT : null, manifest.obeyed());
      assertTrue(manifest.learned().stream().noneMatch(s -> gone.contains(s.sample())));
      Set<String> fresh = fresh(read(outcomes.get(i).release()).manifest());
      gone.forEach(fresh::remove);
      assertEquals(fresh, fresh(manifest));
      parent = outcome.verdict().release();
    }
    LearnerState state = again.get(2).state();
    assertEquals(outcomes.get(2).state().learnedTo(), state.learnedTo());
    assertEquals(3, state.batches());
    state.replay().past().entries().forEach(s -> assertFalse(gone.contains(s.id()), s::id));

    Outcome redelivered = learn(learner, state, renumbered(second, 3));
    assertTrue(
        fresh(read(redelivered.release()).manifest()).stream().noneMatch(gone::contains),
        "what is forgotten was learned again");
  }

  @Test
  void obey_forgetSamplesOthersOfWhichHaveExpired_saysHowMany() throws IOException {
    Learner learner = learner("store");
    List<Outcome> outcomes = outcomes(learner, 2);
    List<String> gone = List.of(batch(1).samples().get(0).sample().id());
    ReleaseEvent forget = event(outcomes.get(0).release(), Action.FORGET).forgetting(gone);
    Outcome again = obeyed(learner, outcomes.get(1).state(), forget).get(1);
    RuleResult note = again.verdict().rules().get(0);
    assertEquals(Map.of("samples", 22.0, "expired", 1.0, "releasesLeft", 0.0), note.figures());
  }

  @Test
  void obey_forgetSamplesAndNothingSpeaksAgainstTheOthers_theyWait() throws IOException {
    List<Outcome> outcomes = outcomes(learner("store"), 3);
    List<String> gone = List.of(batch(1).samples().get(0).sample().id());
    Remembered line = new Remembered("in line", EVENT, new int[] {1, 2, 3});
    LearnerState state = outcomes.get(2).state().withWaiting(List.of(line));
    ReleaseEvent forget = event(outcomes.get(0).release(), Action.FORGET).forgetting(gone);

    List<Outcome> again = obeyed(learner("store", neverBetter()), state, forget);

    List<String> waiting = new ArrayList<>();
    for (int i = 2; i > 0; i--) {
      assertEquals("undecided", again.get(i).verdict().rules().get(0).rule());
      read(outcomes.get(i).release()).manifest().learned().stream()
          .filter(sample -> !sample.replay() && !sample.origin().equals(EXPIRED))
          .forEach(sample -> waiting.add(sample.sample()));
    }
    waiting.removeAll(gone);
    waiting.add("in line");
    assertEquals(waiting, again.get(2).state().waiting().stream().map(Remembered::id).toList());
  }

  @Test
  void obey_forgetSampleThatWaitsAndOneThatJudges_neitherIsKept() throws IOException {
    Learner learner = learner("store");
    Outcome first = outcomes(learner, 1).get(0);
    LearnerState pinned = obey(learner, first.state(), event(first.release(), Action.PIN)).state();
    LearnerState waits = learn(learner, pinned, batch(1)).state();
    String waiting = waits.waiting().get(2).id();
    String judging = ids(waits).get(0);
    ReleaseEvent forget =
        event(first.release(), Action.FORGET).forgetting(List.of(waiting, judging));
    List<Outcome> obeyed = obeyed(learner, waits, forget);
    assertEquals(1, obeyed.size());
    LearnerState state = obeyed.get(0).state();
    assertEquals(first.verdict().release(), state.release());
    assertEquals(waits.waiting().size() - 1, state.waiting().size());
    assertTrue(state.waiting().stream().noneMatch(sample -> sample.id().equals(waiting)));
    assertFalse(ids(state).contains(judging));
  }

  /** Obeys until nothing is left to be learned again; through bytes, as state goes. */
  private static List<Outcome> obeyed(Learner learner, LearnerState state, ReleaseEvent event) {
    List<Outcome> outcomes = new ArrayList<>();
    LearnerState now = state;
    do {
      outcomes.add(obey(learner, now, event));
      now = LearnerState.fromBytes(outcomes.get(outcomes.size() - 1).state().toBytes());
    } while (now.learnsAgain());
    return outcomes;
  }

  private static TrainingBatch renumbered(TrainingBatch batch, long number) {
    return new TrainingBatch(null, "foreign", number, batch.samples(), batch.heldOut());
  }

  private static Set<String> fresh(Manifest manifest) {
    Set<String> fresh = new HashSet<>();
    manifest.learned().stream().filter(s -> !s.replay()).forEach(s -> fresh.add(s.sample()));
    return fresh;
  }

  @Test
  void obey_releaseThatIsNoneOfThisDomain_isRefusedAndChangesNothing() throws IOException {
    Learner learner = learner("store");
    Outcome last = outcomes(learner, 1).get(0);
    ReleaseEvent good = event(last.release(), Action.ROLLBACK);
    for (ReleaseEvent bad :
        List.of(
            of("other", good.release(), good.uri()),
            of("foreign", "0".repeat(64), good.uri()),
            of("foreign", good.release(), good.uri() + "-gone"),
            of("foreign", good.release(), "no scheme://folder"))) {
      Outcome refused = obey(learner, last.state(), bad);
      assertFalse(refused.verdict().accepted());
      assertArrayEquals(last.state().toBytes(), refused.state().toBytes());
    }
  }

  /** It is one of this base by all that its manifest says but that. */
  @Test
  void obey_releaseRoutedAsNoneOfThisBaseIs_isRefusedAndChangesNothing() throws IOException {
    Learner learner = learner("store");
    Outcome last = outcomes(learner, 1).get(0);
    Manifest other = routedOtherwise(read(last.release()).manifest());
    String uri = folder.resolve("store").resolve(other.id()).toUri().toString();
    Outcome refused = obey(learner, last.state(), of("foreign", other.id(), uri));
    assertEquals(
        "release-invalid: dev.millrace.model.release.InvalidReleaseException: routing of top 2 with 0 limits, expected top 1 with 0",
        refused.verdict().rules().get(0).reason());
    assertArrayEquals(last.state().toBytes(), refused.state().toBytes());
  }

  /** The same as none of its base is routed, stored beside it. */
  private Manifest routedOtherwise(Manifest m) throws IOException {
    Manifest other = with(m, "routing", Routing.topK(m.routing().topK() + 1));
    Path store = folder.resolve("store");
    Path copy = Files.createDirectory(store.resolve(other.id()));
    for (String file : m.files().keySet()) {
      Files.copy(store.resolve(m.id()).resolve(file), copy.resolve(file));
    }
    Files.write(copy.resolve(Manifest.FILE), other.toBytes());
    return other;
  }

  private static ReleaseEvent of(String domain, String release, String uri) {
    return new ReleaseEvent(
        null, domain, Kind.ADAPTER, Action.ROLLBACK, release, uri, null, 0, "test", EVENT);
  }

  private static ReleaseEvent event(ReleaseEvent published, Action action) {
    assertNotNull(published);
    return new ReleaseEvent(
        null,
        published.domain(),
        Kind.ADAPTER,
        action,
        published.release(),
        published.uri(),
        null,
        published.batch(),
        "test",
        EVENT);
  }

  private static byte[] weights(LearnerState state) {
    return AdapterCodec.encode(Quantizer.quantize(state.adapter().weights()));
  }

  @Test
  void learn_givenUp_publishesNothing() throws IOException {
    Learner learner = learner("store");
    assertThrows(
        CancellationException.class, () -> learner.learn(initial(learner), batch(0), () -> false));
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
  void initial_otherDomain_drawsOtherWeights() {
    Learner learner = learner("store");
    assertNotEquals(
        learner.initial(null, "a").adapter().weights().factors().get(0).values()[0],
        learner.initial(null, "b").adapter().weights().factors().get(0).values()[0]);
  }

  private static LearnerConfig withProtectedBound(double bound, int halvings) {
    return withProtectedBound(bound, halvings, LessonConfig.defaults());
  }

  private static LearnerConfig withProtectedBound(double bound, int halvings, LessonConfig lesson) {
    GateConfig gate =
        with(
            CONFIG.gate(), "protectedBound", bound, "worstProtectedBound", bound, "lesson", lesson);
    return with(CONFIG, "halvings", halvings, "gate", gate);
  }

  /** No candidate gains so much. */
  private static LearnerConfig neverBetter() {
    return with(CONFIG, "gate", with(CONFIG.gate(), "minGain", 0.9));
  }

  private static LearnerConfig withholding(double share) {
    return with(CONFIG, "watch", new WatchConfig(16, 32, 16, 0.01, 0.99, 1000, share));
  }

  private Learner learner(String store) {
    return learner(store, CONFIG);
  }

  private Learner learner(String store, LearnerConfig config) {
    return learner(store, config, base);
  }

  private Learner learner(String store, LearnerConfig config, BigramBase base) {
    return Learner.of(surroundings(store, base), config);
  }

  private Surroundings surroundings(String store, BigramBase base) {
    return surroundings(store, base, LearnerTest::past);
  }

  private Surroundings surroundings(String store, BigramBase base, PastSamples past) {
    return new Surroundings(
        base,
        new Letters(),
        Bigrams.known().texts(400, 21),
        new Protection(
            List.of(new ProtectedSet("known", Bigrams.known().texts(60, 22))), List.of()),
        ReleaseStore.of(StoreFiles.in(folder.resolve(store))),
        LearnerTest::read,
        past,
        Machine.here(1, "bigram"),
        InstantSource.system(),
        Map.of());
  }

  /** All that was ever taught, but for what has expired. */
  private static Map<Origin, int[]> past(Map<Origin, String> samples) {
    Map<Origin, int[]> found = new HashMap<>();
    for (int i = 0; i < 5; i++) {
      batch(i).samples().forEach(s -> found.put(s.sample().origin(), s.tokens()));
      batch(i).heldOut().forEach(s -> found.put(s.sample().origin(), s.tokens()));
    }
    found.keySet().retainAll(samples.keySet());
    found.remove(EXPIRED);
    return found;
  }

  /** Through bytes, as state goes. */
  private static List<Outcome> outcomes(Learner learner, int batches) {
    List<Outcome> outcomes = new ArrayList<>();
    byte[] state = initial(learner).toBytes();
    for (int i = 0; i < batches; i++) {
      outcomes.add(learn(learner, LearnerState.fromBytes(state), batch(i)));
      state = outcomes.get(i).state().toBytes();
    }
    return outcomes;
  }

  private static Outcome learn(Learner learner, LearnerState state, TrainingBatch batch) {
    return learner.learn(state, batch, Governor.none());
  }

  private static Outcome obey(Learner learner, LearnerState state, ReleaseEvent event) {
    return learner.obey(state, event, Governor.none());
  }

  private static LearnerState initial(Learner learner) {
    return learner.initial(null, "foreign");
  }

  private static TrainingBatch batch(int number) {
    return Stream.batch(Bigrams.foreign(), number);
  }

  private static double bitsPerByte(Outcome outcome) {
    return outcome.verdict().rules().stream()
        .filter(rule -> rule.rule().equals("better-than-incumbent"))
        .findFirst()
        .orElseThrow()
        .figures()
        .get("bitsPerByteCandidate");
  }

  private static List<String> ids(LearnerState state) {
    return state.heldOut().entries().stream().map(HeldOut::id).toList();
  }

  private Release read(ReleaseEvent event) throws IOException {
    assertNotNull(event);
    return ReleaseReader.read(
        LearnerTest::read, event.uri(), event.release(), base.id(), base.sites());
  }

  private static byte[] read(String uri, int maxBytes) throws IOException {
    return Files.readAllBytes(Path.of(URI.create(uri)));
  }

  private static byte[] weights(Outcome outcome) throws IOException {
    return Files.readAllBytes(
        Path.of(URI.create(outcome.release().uri())).resolve("adapter_model.safetensors"));
  }
}
