package dev.millrace.adapter.gate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.adapter.Configs;
import dev.millrace.adapter.batch.Remembered;
import dev.millrace.adapter.bigram.BigramBase;
import dev.millrace.adapter.bigram.Bigrams;
import dev.millrace.adapter.bigram.Letters;
import dev.millrace.adapter.bigram.Stream;
import dev.millrace.adapter.quantize.Quantizer;
import dev.millrace.adapter.train.AdapterState;
import dev.millrace.adapter.train.Governor;
import dev.millrace.adapter.train.Lesson;
import dev.millrace.adapter.train.Plan;
import dev.millrace.adapter.train.StepLog;
import dev.millrace.adapter.train.Trainer;
import dev.millrace.adapter.train.Training;
import dev.millrace.model.adapter.AdapterPlan;
import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.adapter.Delta;
import dev.millrace.model.adapter.Factor;
import dev.millrace.model.adapter.Site;
import dev.millrace.model.assign.Profile;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.kinds.AdapterKinds;
import dev.millrace.model.peft.LoraConfig;
import dev.millrace.model.peft.LoraPair;
import dev.millrace.model.peft.LoraWeights;
import dev.millrace.model.release.Routing;
import dev.millrace.schema.Origin;
import dev.millrace.schema.RuleResult;
import dev.millrace.schema.ScoredSample;
import dev.millrace.schema.TrainingBatch;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class GateTest {
  private static final List<String> ALL =
      List.of(
          "finite",
          "not-exploded",
          "norm-of-change",
          "enough-evidence",
          "generalization-gap",
          "protected-unharmed",
          "routing-agreement",
          "better-than-incumbent",
          "train-serve-parity",
          "canary-prompts");

  private BigramBase base = new BigramBase(Bigrams.known());
  private List<int[]> anchors = Bigrams.known().texts(400, 21);
  private List<ProtectedSet> protectedSets =
      List.of(new ProtectedSet("known", Bigrams.known().texts(60, 22)));

  private List<Canary> canaries =
      List.of(new Canary("third", new int[] {2}), new Canary("fifth", new int[] {4}));
  private boolean mayComeNearer;
  private double agreement = 0.5;
  private double minGain = 0.001;
  private int canaryTokens = 4;

  @AfterEach
  void everyAdapterIsClosed() {
    assertEquals(0, base.loaded());
  }

  @Test
  void judge_learnedTheDomain_passesEveryRule() {
    Judgement judgement = judge(learned(Bigrams.foreign()));
    assertEquals(List.of(), failed(judgement), () -> judgement.rules().toString());
    assertEquals(ALL, names(judgement.rules()));
    for (HeldOut sample : judgement.heldOut()) {
      assertNotEquals(sample.baseLogProb(), sample.incumbentLogProb());
    }
  }

  @Test
  void judge_zeroAdapter_isTheBaseAndNoBetter() {
    Judgement judgement = judge(training(zero()));
    assertEquals(List.of("better-than-incumbent"), failed(judgement));
    RuleResult better = rule(judgement, "better-than-incumbent");
    assertEquals(0, better.figures().get("gain"), 1e-12);
    assertEquals(
        better.figures().get("bitsPerByteBase"), better.figures().get("bitsPerByteCandidate"));
  }

  @Test
  void judge_someRiseIsAllowed_theSamePassesAndMoreIsRefused() {
    minGain = -0.01;
    RuleResult same = rule(judge(training(zero())), "better-than-incumbent");
    assertTrue(same.passed(), same::reason);
    assertEquals(1, same.figures().get("wins"));
    assertTrue(failed(judge(learned(alternating()))).contains("better-than-incumbent"));
  }

  @Test
  void judge_learnedAnotherDomain_isRefused() {
    assertTrue(failed(judge(learned(alternating()))).contains("better-than-incumbent"));
  }

  @Test
  void judge_signFlipped_isRefused() {
    AdapterState good = learned(Bigrams.foreign()).state();
    List<LoraPair> flipped = new ArrayList<>();
    for (LoraPair pair : lora(good).pairs()) {
      float[] b = pair.b().clone();
      for (int i = 0; i < b.length; i++) {
        b[i] = -b[i];
      }
      flipped.add(new LoraPair(pair.site(), pair.a(), b));
    }
    AdapterWeights weights = new LoraWeights(lora(good).config(), flipped);
    Judgement judgement = judge(training(AdapterState.fresh(weights)));
    assertTrue(failed(judgement).contains("better-than-incumbent"));
  }

  @Test
  void judge_weightNotANumber_isRefusedUnmeasured() {
    AdapterState broken = zero();
    lora(broken).pairs().get(1).b()[3] = Float.NaN;
    Judgement judgement = judge(training(broken));
    assertEquals(List.of("finite", "norm-of-change"), failed(judgement));
    assertEquals(ALL.subList(0, 4), names(judgement.rules()));
  }

  @Test
  void judge_changedOutOfAllProportion_isRefusedUnmeasured() {
    AdapterState loud = learned(Bigrams.foreign()).state();
    for (LoraPair pair : lora(loud).pairs()) {
      for (int i = 0; i < pair.b().length; i++) {
        pair.b()[i] *= 10_000;
      }
    }
    Judgement judgement = judge(training(AdapterState.fresh(loud.weights())));
    assertEquals(List.of("norm-of-change"), failed(judgement));
    assertEquals(ALL.subList(0, 4), names(judgement.rules()));
  }

  @Test
  void judge_anyCandidate_theNormIsThatOfTheProduct() {
    Training training = learned(Bigrams.foreign());
    LoraWeights served = (LoraWeights) Quantizer.quantize(training.state().weights());
    double squares = 0;
    for (LoraPair pair : served.pairs()) {
      int rank = served.config().rank();
      for (int o = 0; o < pair.site().out(); o++) {
        for (int i = 0; i < pair.site().in(); i++) {
          double entry = 0;
          for (int r = 0; r < rank; r++) {
            entry += (double) pair.b()[o * rank + r] * pair.a()[r * pair.site().in() + i];
          }
          squares += Math.pow(served.config().scale() * entry, 2);
        }
      }
    }
    RuleResult norm = judge(training).rules().get(2);
    assertEquals(Math.sqrt(squares), norm.figures().get("frobenius"), 1e-9);
  }

  /** Each expert has a part of either factor. */
  @Test
  void judge_adapterOfExperts_theNormIsThatOfTheirProducts() {
    Site site = Site.experts("e", 6, 8, 3, List.of("e.%d.gate", "e.%d.up"));
    AdapterWeights zero =
        AdapterKinds.named("lora").initial(new AdapterPlan(2, 4, true), List.of(site), 5);
    List<float[]> values = new ArrayList<>();
    for (Factor factor : zero.factors()) {
      float[] value = factor.values().clone();
      for (int i = 0; i < value.length; i++) {
        value[i] = (i % 7 - 3) * (i + 1) / 100f;
      }
      values.add(value);
    }
    AdapterWeights adapter = zero.with(values);
    Served served = served(adapter);
    Case evidence =
        new Case(
            GateConfig.defaults(),
            candidate(served, served, Training.none(AdapterState.fresh(adapter))),
            List.of(),
            () -> null,
            () -> null,
            fit -> null);
    assertEquals(
        Math.sqrt(squares(adapter.deltas().get(0))),
        new NormOfChange().judge(evidence).figures().get("frobenius"),
        1e-9);
  }

  private static double squares(Delta delta) {
    Site site = delta.site();
    int rank = delta.rank();
    double squares = 0;
    for (int e = 0; e < site.experts(); e++) {
      for (int o = 0; o < site.out(); o++) {
        for (int i = 0; i < site.in(); i++) {
          double entry = 0;
          for (int r = 0; r < rank; r++) {
            entry +=
                (double) delta.b()[(e * site.out() + o) * rank + r]
                    * delta.a()[(e * rank + r) * site.in() + i];
          }
          squares += entry * entry;
        }
      }
    }
    return squares;
  }

  @Test
  void wins_theSameOnBothSides_isNoWin() {
    double[] same = {-8, -9, -10};
    assertEquals(0, PairedBootstrap.wins(same, same, 100, 1));
  }

  @Test
  void judge_trainingBrokeOff_saysWhy() {
    base.poison(BigramBase.VOCAB - 1);
    Judgement judgement = judge(learned(Bigrams.foreign()));
    assertTrue(judgement.rules().get(0).reason().contains("NaN"), judgement::toString);
  }

  @Test
  void judge_protectedSpoiled_isRefused() {
    anchors = List.of();
    protectedSets = List.of(protectedSets.get(0), new ProtectedSet("alternating", alternating()));
    Judgement judgement = judge(learned(Bigrams.foreign()));
    assertTrue(failed(judgement).contains("protected-unharmed"), judgement::toString);
  }

  @Test
  void judge_goesTooFarAndMayComeNearer_isAskedNoMore() {
    protectedSets = List.of(new ProtectedSet("alternating", alternating()));
    anchors = List.of();
    mayComeNearer = true;
    Judgement judgement = judge(learned(Bigrams.foreign()));
    assertTrue(judgement.onlyGoesTooFar(), judgement::toString);
    assertEquals("routing-agreement", judgement.rules().get(judgement.rules().size() - 1).rule());
    assertTrue(judgement.reach() > 0 && judgement.reach() < 1, judgement::toString);
  }

  @Test
  void judge_nobodyKnowsHowFarItGoes_mayGoNoWay() {
    Training training = learned(Bigrams.foreign());
    mayComeNearer = true;
    for (List<int[]> texts : List.of(List.<int[]>of(), List.of(new int[] {BigramBase.VOCAB, 0}))) {
      protectedSets = List.of(new ProtectedSet("not to be measured", texts));
      Judgement judgement = judge(training);
      assertTrue(judgement.onlyGoesTooFar(), judgement::toString);
      assertEquals(0, judgement.reach());
    }
  }

  @Test
  void judgeRouting_losesOnHeldOutTexts_isRefused() {
    List<String> refused = List.of("no-worse-than-incumbent");
    assertEquals(refused, failed(untrained(learned(alternating()), heldOut(), Gate::judgeRouting)));
    assertEquals(List.of(), failed(untrained(training(zero()), heldOut(), Gate::judgeRouting)));
  }

  @Test
  void judgeRoutingAndAdopted_fewHeldOut_areRefused() {
    Training training = learned(Bigrams.foreign());
    List<ScoredSample> few = heldOut().subList(0, 3);
    List<String> refused = List.of("enough-evidence");
    assertEquals(refused, failed(untrained(training, few, Gate::judgeRouting)));
    assertEquals(refused, failed(untrained(training, few, Gate::judgeAdopted)));
  }

  private interface Judging {
    Judgement by(Gate gate, Gate.Candidate candidate, List<HeldOut> heldOut);
  }

  private Judgement untrained(Training training, List<ScoredSample> heldOut, Judging judging) {
    Gate gate =
        gate(base, Configs.with(Configs.GATE, "protectedBound", 9.0, "worstProtectedBound", 9.0));
    Served first = served(zero().weights());
    Served candidate = served(Quantizer.quantize(training.state().weights()));
    return judging.by(gate, candidate(candidate, first, training), gate.examine(heldOut, first));
  }

  @Test
  void isUndecided_isWorseOrAnotherRuleRefusesToo_isNot() {
    RuleResult even = RuleResult.of("better-than-incumbent", false, "", Map.of("wins", 0.5));
    RuleResult worse = RuleResult.of("better-than-incumbent", false, "", Map.of("wins", 0.05));
    RuleResult harms = RuleResult.of("protected-unharmed", false, "", Map.of());
    assertTrue(isUndecided(even));
    assertFalse(isUndecided(worse));
    assertFalse(isUndecided(even, harms));
    assertFalse(isUndecided(harms));
  }

  private static boolean isUndecided(RuleResult... rules) {
    return new Judgement(List.of(rules), List.of(), 1).isUndecided(GateConfig.defaults());
  }

  @Test
  void judge_noProtectedSet_isRefused() {
    protectedSets = List.of();
    assertEquals(List.of("protected-unharmed"), failed(judge(learned(Bigrams.foreign()))));
  }

  @Test
  void judge_servesOtherThanTrained_isRefused() {
    base = new BigramBase(Bigrams.known(), 0.03);
    assertEquals(List.of("train-serve-parity"), failed(judge(learned(Bigrams.foreign()))));
  }

  @Test
  void judge_fewHeldOut_isRefused() {
    Training training = learned(Bigrams.foreign());
    List<ScoredSample> few = batch().heldOut().subList(0, 3);
    assertEquals(List.of("enough-evidence"), failed(judge(training, few)));
  }

  @Test
  void judge_otherExperts_isRefused() {
    agreement = 1;
    AdapterState turned = zero();
    LoraPair mix = lora(turned).pairs().get(0);
    for (int token = 0; token < BigramBase.VOCAB; token++) {
      mix.a()[token] = 1;
    }
    mix.b()[5 * 4] = 2; // every hidden state is largest at 5
    RuleResult routing = rule(judge(training(turned)), "routing-agreement");
    assertFalse(routing.passed());
    assertTrue(routing.figures().get("agreement") < 0.5, routing::toString);
  }

  @Test
  void judge_canaryGoesOnOtherwise_isRefused() {
    canaries = List.of(canaries.get(0), new Canary("foreign", new int[] {BigramBase.VOCAB - 1}));
    RuleResult canary = rule(judge(learned(Bigrams.foreign())), "canary-prompts");
    assertFalse(canary.passed());
    assertEquals(2, canary.figures().get("canaries"));
    assertEquals(1, canary.figures().get("changed"));
    assertTrue(canary.reason().contains("[foreign]"), canary::reason);
  }

  @Test
  void judge_noCanaries_says0() {
    canaries = List.of();
    RuleResult canary = rule(judge(learned(Bigrams.foreign())), "canary-prompts");
    assertTrue(canary.passed());
    assertEquals(0, canary.figures().get("canaries"));
  }

  /** Or each candidate would be refused as one that cannot be judged. */
  @Test
  void of_canaryHasNoRoomForItsOutput_isRefusedWithWhatFits() {
    canaries = List.of(new Canary("long", new int[] {1, 2, 3}));
    int positions = base.config().maxPositionEmbeddings();
    for (int tokens : new int[] {positions - 2, Integer.MAX_VALUE}) {
      GateConfig config = Configs.with(Configs.GATE, "canaryTokens", tokens);
      String said =
          assertThrows(IllegalArgumentException.class, () -> gate(base, config)).getMessage();
      assertEquals(
          "learn.gate.canaryTokens is %d, expected at most %d: canary long has 3 tokens, the base %d positions"
              .formatted(tokens, positions - 3, positions),
          said);
    }
    Gate unused = gate(base, Configs.with(Configs.GATE, "canaryTokens", positions - 3));
  }

  @Test
  void of_canaryIsEmpty_isRefused() {
    canaries = List.of(canaries.get(0), new Canary("java 1", new int[0]));
    assertEquals(
        "text of canary java 1 is \"\", expected one of a token or more (canaries.jsonl)",
        assertThrows(IllegalArgumentException.class, () -> gate(base, Configs.GATE)).getMessage());
    Gate unused = gate(base, Configs.with(Configs.GATE, "canaryTokens", 0));
  }

  @Test
  void judge_noTokensOfCanariesAreCompared_asksNone() {
    canaries = List.of(new Canary("beyond the vocabulary", new int[] {BigramBase.VOCAB}));
    canaryTokens = 0;
    RuleResult canary = rule(judge(learned(Bigrams.foreign())), "canary-prompts");
    assertTrue(canary.passed(), canary::reason);
    assertEquals(0, canary.figures().get("canaries"));
  }

  @Test
  void judge_cannotBeMeasured_isRefusedByEveryRuleThatMeasures() {
    AdapterState state = learned(Bigrams.foreign()).state();
    int[] beyond = {BigramBase.VOCAB, 0};
    protectedSets = List.of(new ProtectedSet("beyond the vocabulary", List.of(beyond)));
    canaries = List.of(new Canary("beyond the vocabulary", new int[] {BigramBase.VOCAB}));
    Judgement judgement = judge(training(state));
    List<String> unmeasured = new ArrayList<>(ALL.subList(5, 10));
    unmeasured.remove("better-than-incumbent"); // its texts are within the vocabulary
    assertEquals(unmeasured, failed(judgement));
    for (String name : unmeasured) {
      RuleResult rule = rule(judgement, name);
      assertTrue(rule.reason().contains("could not be judged"), rule::reason);
    }
  }

  @Test
  void judge_programThatTrainsFails_isRefusedByTheRulesThatAskForItAlone() {
    Training training = learned(Bigrams.foreign());
    BaseModel fails =
        watched(
            (method, arguments) -> {
              if (method.equals("scoreAsTrained")) {
                throw new IllegalStateException("made up");
              }
            });
    Judgement judgement = judge(fails, training, heldOut());
    List<String> unmeasured = List.of("train-serve-parity", "canary-prompts");
    assertEquals(unmeasured, failed(judgement), judgement::toString);
    for (String name : unmeasured) {
      RuleResult rule = rule(judgement, name);
      assertEquals("it could not be judged: made up", rule.reason());
    }
  }

  @Test
  void judge_anyCandidate_readsEachTextOnce() {
    Training training = learned(Bigrams.foreign());
    List<ScoredSample> heldOut = heldOut();
    Served candidate = served(Quantizer.quantize(training.state().weights()));
    Served first = served(zero().weights());
    List<String> calls = Collections.synchronizedList(new ArrayList<>());
    Gate gate = gate(counting(calls), Configs.GATE);
    List<HeldOut> examined = gate.examine(heldOut, first);
    Judgement cold = gate.judge(candidate(candidate, first, training), examined, false);
    calls.clear();
    Gate.Candidate same = candidate(candidate, candidate, training);
    Judgement warm = gate.judge(same, cold.heldOut(), false);
    assertEquals(heldOut.size(), calls.size(), "what was measured of it is known");
    calls.clear();
    Gate restarted = gate(counting(calls), Configs.GATE);
    assertEquals(warm.rules(), restarted.judge(same, cold.heldOut(), false).rules());
    int compared = Math.min(Configs.GATE.paritySamples(), heldOut.size());
    int known = Math.min(Configs.GATE.protectedSamples(), 60);
    assertEquals(2 * known + heldOut.size() + compared, calls.size(), calls::toString);
  }

  /** With each batch other texts are held out. */
  @Test
  void judge_incumbentWasMeasuredOnOtherTexts_isComparedOnTheTextsOfNow() {
    Training training = learned(Bigrams.foreign());
    Served served = served(Quantizer.quantize(training.state().weights()));
    Gate.Candidate same = candidate(served, served, training);
    Gate gate = gate(base, Configs.GATE);
    for (int number = 0; number < 2; number++) {
      List<ScoredSample> samples = Stream.batch(Bigrams.foreign(), number).heldOut();
      Judgement judgement = gate.judge(same, gate.examine(samples, served), false);
      assertEquals(List.of("better-than-incumbent"), failed(judgement), judgement::toString);
      assertEquals(1, rule(judgement, "routing-agreement").figures().get("agreement"), 1e-9);
    }
  }

  @Test
  void logProbs_oneTextByTwoAdapters_isOneCall() {
    List<Integer> texts = Collections.synchronizedList(new ArrayList<>());
    BaseModel counted =
        watched(
            (method, arguments) -> {
              if (method.equals("score")) {
                texts.add(((List<?>) arguments[0]).size());
              }
            });
    Served first = served(zero().weights());
    Served other = served(Quantizer.quantize(learned(Bigrams.foreign()).state().weights()));
    Gate gate = gate(counted, Configs.GATE);
    double[][] logProbs = gate.logProbs(heldOut().subList(0, 1), first, other);
    assertEquals(List.of(2), texts);
    assertNotEquals(logProbs[0][0], logProbs[1][0]);
    texts.clear();
    assertEquals(3, gate.logProbs(heldOut().subList(0, 3), first, other)[1].length);
    assertEquals(List.of(3, 3), texts, "a thread each");
  }

  /** The base, and for each text that is read which call it was. */
  private BaseModel counting(List<String> calls) {
    return watched(
        (method, arguments) -> {
          if (List.of("score", "scoreRouted", "routes").contains(method)) {
            calls.addAll(Collections.nCopies(((List<?>) arguments[0]).size(), method));
          }
        });
  }

  /** The base; each call of it, under any routing, is told before. */
  private BaseModel watched(BiConsumer<String, Object[]> calls) {
    return (BaseModel)
        Proxy.newProxyInstance(
            BaseModel.class.getClassLoader(),
            new Class<?>[] {BaseModel.class},
            (proxy, method, arguments) -> {
              calls.accept(method.getName(), arguments);
              Object result = method.invoke(base, arguments);
              return result == base ? proxy : result;
            });
  }

  @Test
  void judge_lossExploded_isRefused() {
    Training calm = learned(Bigrams.foreign());
    Training stays = logged(calm, List.of(2.0, 2.1, 1.9, 2.0, 4.6, 4.5, 4.7, 4.6));
    assertEquals(List.of("not-exploded"), failed(judge(stays)));
    Training ofTwoSteps = logged(calm, List.of(2.0, 4.1));
    assertEquals(List.of("not-exploded"), failed(judge(ofTwoSteps)));
  }

  /** Which texts a step has is drawn: the first two may be easy, and others hard. */
  @Test
  void judge_oneStepOfEasyTextsAndOneOfHardOnes_passes() {
    List<Double> losses = List.of(1.9, 3.0, 2.9, 3.1, 4.4, 2.8, 3.0, 2.7);
    RuleResult rule = rule(judge(logged(learned(Bigrams.foreign()), losses)), "not-exploded");
    assertTrue(rule.passed(), rule::reason);
    assertEquals(13.4 / 10.9, rule.figures().get("rise"), 1e-9);
    assertEquals(1.9, rule.figures().get("firstLoss"));
    assertEquals(2.7, rule.figures().get("lastLoss"));
    assertEquals(4.4, rule.figures().get("worstLoss"));
  }

  private static Training logged(Training of, List<Double> losses) {
    return new Training(
        of.state(), "", of.steps(), of.tokens(), of.worstNorm(), of.gradient(), StepLog.of(losses));
  }

  @Test
  void inspect_textsBehindABos_areReorderedBehindIt() {
    Letters behindBos =
        new Letters() {
          @Override
          public int[] bos() {
            return new int[] {0};
          }
        };
    Protection protection = new Protection(protectedSets, canaries);
    Gate gate = Gate.of(base, behindBos, protection, GateConfig.defaults(), 2);
    Served incumbent = served(zero().weights());
    List<HeldOut> known = gate.examine(Stream.batch(Bigrams.known(), 1).heldOut(), incumbent);
    List<int[]> lesson = Collections.nCopies(16, new int[] {0, 1});
    List<LessonText> read =
        gate.inspect(lesson, Profile.empty(), true, known, incumbent, 9).texts();
    assertEquals(16, read.size());
    for (LessonText text : read) {
      assertEquals(text.incumbentLogProb(), text.reorderedLogProb());
    }
  }

  @Test
  void examine_textOfOneToken_isLeftOut() {
    List<ScoredSample> samples = heldOut();
    samples.set(1, Configs.with(samples.get(1), "tokens", new int[] {3}));
    List<String> expected = new ArrayList<>(samples.stream().map(s -> s.sample().id()).toList());
    String unused = expected.remove(1);
    List<HeldOut> examined = gate(base, Configs.GATE).examine(samples, served(zero().weights()));
    assertEquals(expected, examined.stream().map(HeldOut::id).toList());
  }

  /** What waited, and what is new: either may be of no domain. */
  @Test
  void inspect_moreTextsThanAreRead_readsSomeOfAllAndOfFewNone() {
    Gate gate = gate(base, GateConfig.defaults());
    Served incumbent = served(zero().weights());
    List<HeldOut> known = gate.examine(Stream.batch(Bigrams.known(), 1).heldOut(), incumbent);
    LessonConfig config = GateConfig.defaults().lesson();
    List<int[]> lesson = Bigrams.known().texts(2 * config.texts(), 24);
    List<LessonText> read =
        gate.inspect(lesson, Profile.empty(), true, known, incumbent, 9).texts();
    assertEquals(config.texts(), read.size());
    for (int i = 0; i < read.size(); i++) {
      assertSame(lesson.get(2 * i), read.get(i).tokens());
    }
    List<int[]> few = lesson.subList(0, config.least() - 1);
    assertEquals(List.of(), gate.inspect(few, Profile.empty(), true, known, incumbent, 9).texts());
  }

  @Test
  void inspect_whatJudgesIsWhatIsProtected_isAsNewAsThat() {
    List<ScoredSample> samples = Stream.batch(Bigrams.known(), 1).heldOut();
    protectedSets =
        List.of(new ProtectedSet("same", samples.stream().map(ScoredSample::tokens).toList()));
    Gate gate = gate(base, GateConfig.defaults());
    Served incumbent = served(zero().weights());
    LessonFindings findings =
        gate.inspect(
            Bigrams.known().texts(16, 24),
            Profile.empty(),
            true,
            gate.examine(samples, incumbent),
            incumbent,
            9);
    assertEquals(1, findings.rules().get(0).figures().get("novelty"), 1e-9);
  }

  /** Nor one that is too short to be predicted. */
  @Test
  void pressure_moreProtectedTextsThanAreJudged_readsNoFurther() {
    List<int[]> texts = new ArrayList<>(Bigrams.known().texts(2, 22));
    texts.add(0, new int[] {3});
    texts.add(new int[] {BigramBase.VOCAB, 0}); // cannot be read
    protectedSets = List.of(new ProtectedSet("some", texts));
    Served incumbent = served(zero().weights());
    GateConfig two = Configs.with(Configs.GATE, "protectedSamples", 2);
    assertEquals(0, gate(base, two).pressure(incumbent), 1e-9);
  }

  private Judgement judge(Training training) {
    return judge(training, heldOut());
  }

  private static List<ScoredSample> heldOut() {
    List<ScoredSample> heldOut = new ArrayList<>(batch().heldOut());
    heldOut.addAll(Stream.batch(Bigrams.foreign(), 1).heldOut());
    return heldOut;
  }

  private Judgement judge(Training training, List<ScoredSample> heldOut) {
    return judge(base, training, heldOut);
  }

  private Judgement judge(BaseModel on, Training training, List<ScoredSample> heldOut) {
    GateConfig config =
        Configs.with(
            Configs.GATE,
            "minGain",
            minGain,
            "protectedBound",
            0.005,
            "worstProtectedBound",
            0.005,
            "minRoutingAgreement",
            agreement,
            "canaryTokens",
            canaryTokens);
    Gate gate = gate(on, config);
    Served first = served(zero().weights());
    List<HeldOut> examined = gate.examine(heldOut, first);
    AdapterWeights candidate = Quantizer.quantize(training.state().weights());
    return gate.judge(candidate(served(candidate), first, training), examined, mayComeNearer);
  }

  private Gate gate(BaseModel on, GateConfig config) {
    return Gate.of(on, new Letters(), new Protection(protectedSets, canaries), config, 2);
  }

  private static Gate.Candidate candidate(Served served, Served incumbent, Training training) {
    return new Gate.Candidate(served, incumbent, training, 1, List.of(), 9);
  }

  private static Served served(AdapterWeights adapter) {
    return new Served(adapter, Routing.topK(1));
  }

  private Training learned(Bigrams language) {
    return learned(Stream.batch(language, 0).samples().stream().map(ScoredSample::tokens).toList());
  }

  /** Texts that leave the half of the alphabet in which the foreign language stays. */
  private static List<int[]> alternating() {
    return Bigrams.known().texts(24, 23).stream()
        .map(text -> IntStream.range(0, text.length).map(t -> text[t] + 8 * (t % 2)).toArray())
        .toList();
  }

  private Training learned(List<int[]> texts) {
    List<Remembered> fresh =
        texts.stream().map(text -> new Remembered("s", new Origin("t", 0, 0), text)).toList();
    return Trainer.of(base, Configs.TRAIN, Plan.defaults())
        .train(zero(), new Lesson(fresh, List.of(), anchors, 4), Governor.none());
  }

  private static TrainingBatch batch() {
    return Stream.batch(Bigrams.foreign(), 0);
  }

  private AdapterState zero() {
    return AdapterState.fresh(
        LoraWeights.initial(new LoraConfig(4, 8, false, List.of("mix", "out")), base.sites(), 3));
  }

  private static Training training(AdapterState state) {
    return new Training(state, "", 1, 1, 0, new float[0], StepLog.of(List.of(2.0)));
  }

  private static RuleResult rule(Judgement judgement, String name) {
    return judgement.rules().stream().filter(r -> r.rule().equals(name)).findFirst().orElseThrow();
  }

  private static List<String> failed(Judgement judgement) {
    return names(judgement.rules().stream().filter(rule -> !rule.passed()).toList());
  }

  private static List<String> names(List<RuleResult> rules) {
    return rules.stream().map(RuleResult::rule).toList();
  }

  private static LoraWeights lora(AdapterState state) {
    return (LoraWeights) state.weights();
  }
}
