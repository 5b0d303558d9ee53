package dev.millrace.adapter;

import static dev.millrace.adapter.Configs.with;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.adapter.batch.Remembered;
import dev.millrace.adapter.bigram.Bigrams;
import dev.millrace.adapter.exchange.ExchangeConfig;
import dev.millrace.adapter.gate.Gate;
import dev.millrace.adapter.gate.GateConfig;
import dev.millrace.adapter.gate.LessonConfig;
import dev.millrace.adapter.gate.Served;
import dev.millrace.adapter.train.AnchorDigest;
import dev.millrace.adapter.train.Governor;
import dev.millrace.adapter.train.Lesson;
import dev.millrace.adapter.train.TrainedBeside;
import dev.millrace.adapter.train.Trainers;
import dev.millrace.model.release.LearnedSample;
import dev.millrace.model.release.Manifest;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.RuleResult;
import dev.millrace.schema.ScoredSample;
import dev.millrace.schema.TrainingBatch;
import java.io.IOException;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Lessons of which the first candidate harms what is protected. */
class CandidatesTest extends BigramLearners {

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
  void attempts_repairedAndKnownToGoTooFar_areAtAShareAtOnce() {
    Task task = task(outcomes(learner("store", neverBetter()), 1).get(0).state(), List.of());
    double left = 0.0003 * repaired(attempts(withProtectedBound(0.0003, 5), task), "after");
    List<Attempt> attempts = attempts(withProtectedBound(left / 1.2, 5), task);
    assertEquals(1.2, repaired(attempts, "after"), 1e-9);
    assertEquals(2, attempts.size(), attempts::toString);
    assertTrue(attempts.get(0).judgement().onlyGoesTooFar());
    Attempt shared = attempts.get(1);
    assertTrue(shared.judgement().accepted(), () -> shared.judgement().toString());
    assertEquals(Approach.CAUTION / 1.2, shared.mix().share(), 1e-9);
  }

  @Test
  void attempts_eachRepairBringsItNearerAndNoneFarEnough_areFour() {
    Task task = task(outcomes(learner("store"), 1).get(0).state(), List.of());
    LearnerConfig config = withProtectedBound(1e-5, 5);
    double slower = config.train().learningRate() / 100;
    config = config.with(config.train().toBuilder().learningRate(slower).build());
    List<Attempt> attempts = attempts(config, task);
    assertEquals(4, attempts.get(1).mix().repairs(), attempts::toString);
  }

  @Test
  void attempts_firstRepairMakesItWorseAndTheSecondBringsItBack_areOfBoth() {
    assertEquals(2, repairs(0.5, 2, 3, 0.9));
  }

  @Test
  void attempts_secondRepairMakesItWorse_areOfWhatCameNearest() {
    assertEquals(1, repairs(0.5, 2, 1.5, 1.8, 0.9));
    assertEquals(0, repairs(0.5, 2, 3, 3.5, 0.9));
  }

  @Test
  void attempts_repairsMakeItWorseAndHeavierAnchorsBringItBack_endWithThose() {
    Task task = task(outcomes(learner("store"), 1).get(0).state(), List.of());
    List<Attempt> attempts = attempts(withProtectedBound(0.0005, 1), task);
    assertEquals(2, attempts.size(), attempts::toString);
    assertTrue(attempts.stream().allMatch(a -> a.mix().repairs() == 0), attempts::toString);
    Attempt last = attempts.get(1);
    assertTrue(last.judgement().accepted(), () -> last.judgement().toString());
    assertTrue(last.mix().anchors() > 1, () -> last.mix().toString());
    assertEquals(0, last.mix().blend());
  }

  @Test
  void attempts_anchorsWeighNothing_areNotRepaired() {
    Task task = task(outcomes(learner("store", neverBetter()), 1).get(0).state(), List.of());
    LearnerConfig config = withProtectedBound(0.0003, 5);
    config = config.with(config.train().toBuilder().anchorWeight(0).build());
    List<Attempt> attempts = attempts(config, task);
    assertTrue(attempts.get(0).judgement().onlyGoesTooFar(), attempts::toString);
    assertTrue(attempts.stream().allMatch(a -> a.mix().repairs() == 0), attempts::toString);
  }

  @Test
  void attempts_harmProtectedInFewTexts_areNotWithHeavierAnchors() {
    Task task = task(outcomes(learner("store"), 1).get(0).state(), List.of());
    LessonConfig few = new LessonConfig(0, 25, 0, 0, 0, 0, 0, 0, 0);
    List<Attempt> attempts = attempts(withProtectedBound(1e-7, 0, few), task);
    assertEquals(1, attempts.size(), attempts::toString);
    assertTrue(attempts.get(0).judgement().onlyGoesTooFar(), attempts::toString);
  }

  /** Trained less far it would gain less still. */
  @Test
  void attempts_shareIsWithinBoundsAndGainsTooLittle_areNotWithHeavierAnchors() {
    Task task = task(outcomes(learner("store"), 1).get(0).state(), List.of());
    LearnerConfig config = withProtectedBound(0.001, 5);
    config = with(config, "gate", with(config.gate(), "minGain", 0.9));
    List<Attempt> attempts = attempts(config, task);
    assertTrue(attempts.get(0).judgement().onlyGoesTooFar(), attempts::toString);
    assertFalse(attempts.get(attempts.size() - 1).judgement().onlyGoesTooFar());
    assertTrue(attempts.stream().allMatch(a -> a.mix().anchors() == 1), attempts::toString);
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
  void learn_everyShareGoesTooFar_theAnchorsWeighMoreAndItIsTrainedAgainAlike() throws IOException {
    LearnerConfig config = withProtectedBound(0.0005, 0);
    List<String> anchors =
        retrained(outcomes(learner("store", config), 3), retrainer(config)).stream()
            .map(hyperparameters -> hyperparameters.getOrDefault("anchors", "1"))
            .toList();
    assertEquals("1", anchors.get(0), "nothing is harmed before there is a release");
    assertTrue(Double.parseDouble(anchors.get(1)) > 2, anchors::toString);
  }

  /** By the heavier it gains too little, by the configured one it goes too far. */
  @Test
  void retrain_releaseBetweenTwoWeightsOfTheAnchors_hasTheSameFiles() throws IOException {
    Outcome first = outcomes(learner("store"), 1).get(0);
    LearnerConfig config = withProtectedBound(0.002, 0);
    config = with(config, "gate", with(config.gate(), "minGain", 0.1));
    Outcome next = learn(learner("store", config), first.state(), batch(1));
    Map<String, String> how = retrained(List.of(first, next), retrainer(config)).get(1);
    assertTrue(Double.parseDouble(how.get("blend")) > 0, how::toString);
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

  /** Whoever reads them again need not know how much of a text was learned. */
  @Test
  void retrain_moreOfEachTextIsReadThanTaught_hasTheSameFiles() throws IOException {
    Manifest manifest = read(outcomes(learner("store"), 1).get(0).release()).manifest();
    Retrainer own = retrainer(CONFIG);
    Retrainer longer =
        new Retrainer(
            base, own.anchors(), own.configs(), place -> twice(own.tokens().apply(place)), 1);
    assertTrue(longer.train(manifest, null, null).equalTo(manifest));
    assertEquals(List.of(), own.unnamed(manifest));
  }

  /** In a lineage of both, as much of their texts is read as the later manifests name. */
  @Test
  void retrain_manifestDoesNotSayHowMuchTaught_takesNoMoreThanItIsTold() throws IOException {
    Learner learner = learner("store");
    Manifest said = read(learn(learner, initial(learner), cut(batch(0), 20)).release()).manifest();
    List<LearnedSample> unsaid =
        said.learned().stream()
            .map(sample -> new LearnedSample(sample.sample(), sample.origin(), sample.replay()))
            .toList();
    Manifest earlier = with(said, "learned", unsaid);
    Retrainer whole = retrainer(CONFIG);
    assertTrue(whole.train(said, null, null).equalTo(said));
    assertFalse(whole.train(earlier, null, null).equalTo(said));
    assertEquals(List.of("how many tokens of each sample taught"), whole.unnamed(earlier));
    Retrainer told = new Retrainer(base, whole.anchors(), whole.configs(), whole.tokens(), 20);
    assertTrue(told.train(earlier, null, null).equalTo(said));
  }

  private static TrainingBatch cut(TrainingBatch batch, int tokens) {
    List<ScoredSample> samples =
        batch.samples().stream()
            .map(scored -> with(scored, "tokens", Arrays.copyOf(scored.tokens(), tokens)))
            .toList();
    return with(batch, "samples", samples);
  }

  private static int[] twice(int[] text) {
    return IntStream.concat(Arrays.stream(text), Arrays.stream(text)).toArray();
  }

  /** They were replaced, say: the bytes would be others, and nobody could tell why. */
  @Test
  void hindrance_otherAnchorsThanTheManifestNames_namesBoth() throws IOException {
    Manifest manifest = read(outcomes(learner("store"), 1).get(0).release()).manifest();
    List<int[]> anchors = Bigrams.known().texts(400, 21);
    assertEquals(Optional.empty(), retrainer(CONFIG, anchors).hindrance(manifest));
    List<List<int[]>> others =
        List.of(
            anchors.subList(1, 400),
            Stream.concat(anchors.subList(1, 400).stream(), anchors.stream().limit(1)).toList(),
            List.of(anchors.stream().flatMapToInt(Arrays::stream).toArray()));
    for (List<int[]> other : others) {
      assertEquals(
          "anchors of the base are %s, expected %s, beside which release %s was trained: its anchors.jsonl or tokenizer.json was replaced"
              .formatted(AnchorDigest.of(other), AnchorDigest.of(anchors), manifest.id()),
          retrainer(CONFIG, other).hindrance(manifest).orElseThrow());
    }
  }

  @Test
  void hindrance_manifestOfEarlierCode_isNoneAndItIsTrainedAgainAlike() throws IOException {
    Manifest now = read(outcomes(learner("store"), 1).get(0).release()).manifest();
    TreeMap<String, String> named = new TreeMap<>(now.plan().hyperparameters());
    assertTrue(TrainedBeside.ANCHORS.isNamedIn(now));
    TrainedBeside.ANCHORS.remove(named);
    Manifest earlier = with(now, "plan", with(now.plan(), "hyperparameters", named));
    List<int[]> other = Bigrams.known().texts(400, 22);
    assertEquals(Optional.empty(), retrainer(CONFIG, other).hindrance(earlier));
    assertEquals(List.of("the anchors"), retrainer(CONFIG).unnamed(earlier));
    assertTrue(retrainer(CONFIG).train(earlier, null, null).equalTo(now));
  }

  /** Or who waits for what is learned again would wait for ever. */
  @Test
  void rerouted_anyLesson_saysWhatWasFoundBeforeItWasTrained() {
    LearnerState before = outcomes(learner("store"), 1).get(0).state();
    RuleResult note = RuleResult.of(Relearning.RULE, true, "", Map.of("releasesLeft", 0.0));
    Attempt refused = attempts(CONFIG, task(before, List.of(note))).get(0);
    List<RuleResult> rules = candidates(CONFIG).rerouted(refused).judgement().rules();
    assertEquals(note, rules.get(0));
    assertEquals("rerouted", rules.get(1).rule());
  }

  private Candidates candidates(LearnerConfig config) {
    Surroundings surroundings = surroundings("store", base);
    return new Candidates(
        surroundings,
        config,
        Trainers.alone(base, config.train(), config.plan()),
        new ShareKeeper(base, config.routing()),
        surroundings.gate(config));
  }

  /**
   * Passes in the attempt after the first, which goes too far.
   *
   * @param pressures before the lesson, after it and after each pass; what is asked later is as the
   *     last
   */
  private int repairs(double... pressures) {
    Task task = task(outcomes(learner("store", neverBetter()), 1).get(0).state(), List.of());
    LearnerConfig config = withProtectedBound(0.0003, 5);
    Candidates real = candidates(config);
    AtomicInteger asked = new AtomicInteger();
    InvocationHandler scripted =
        (proxy, method, arguments) ->
            method.getName().equals("pressure")
                ? pressures[Math.min(asked.getAndIncrement(), pressures.length - 1)]
                : method.invoke(real.gate(), arguments);
    Gate gate =
        (Gate)
            Proxy.newProxyInstance(
                Gate.class.getClassLoader(), new Class<?>[] {Gate.class}, scripted);
    Candidates candidates =
        new Candidates(real.surroundings(), config, real.trainers(), real.shares(), gate);
    return candidates.attempts(task, Governor.none()).get(1).mix().repairs();
  }

  private List<Attempt> attempts(LearnerConfig config, Task task) {
    return candidates(config).attempts(task, Governor.none());
  }

  /** The second batch as a lesson. */
  private Task task(LearnerState before, List<RuleResult> known) {
    List<Remembered> fresh = batch(1).samples().stream().map(Remembered::of).toList();
    Lesson lesson = new Lesson(fresh, List.of(), surroundings("store", base).anchors(), 5);
    Served incumbent = new ShareKeeper(base, CONFIG.routing()).incumbent(before);
    return new Task(before, incumbent, batch(1), lesson, List.of(), known, null);
  }

  /** A figure of the repairs. */
  private static double repaired(List<Attempt> attempts, String figure) {
    return attempts.get(attempts.size() - 1).judgement().rules().stream()
        .filter(rule -> rule.rule().equals("repaired"))
        .findFirst()
        .orElseThrow()
        .figures()
        .get(figure);
  }

  /** Trains the releases of the first batches again. */
  private Retrainer retrainer(LearnerConfig config) {
    return retrainer(config, Bigrams.known().texts(400, 21));
  }

  private Retrainer retrainer(LearnerConfig config, List<int[]> anchors) {
    Map<Origin, int[]> tokens = new HashMap<>();
    for (int i = 0; i < 5; i++) {
      batch(i).samples().forEach(s -> tokens.put(s.sample().origin(), s.tokens()));
    }
    return new Retrainer(base, anchors, values -> config, tokens::get, Integer.MAX_VALUE);
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

  private static LearnerConfig withProtectedBound(double bound, int halvings) {
    return withProtectedBound(bound, halvings, LessonConfig.defaults());
  }

  private static LearnerConfig withProtectedBound(double bound, int halvings, LessonConfig lesson) {
    GateConfig gate =
        with(
            CONFIG.gate(), "protectedBound", bound, "worstProtectedBound", bound, "lesson", lesson);
    return with(CONFIG, "halvings", halvings, "gate", gate);
  }
}
