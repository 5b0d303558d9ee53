package dev.millrace.adapter.gate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.adapter.train.AdapterState;
import dev.millrace.adapter.train.Training;
import dev.millrace.model.adapter.Site;
import dev.millrace.model.assign.KnownTexts;
import dev.millrace.model.assign.Profile;
import dev.millrace.model.base.TokenScores;
import dev.millrace.model.peft.LoraConfig;
import dev.millrace.model.peft.LoraWeights;
import dev.millrace.model.release.Routing;
import dev.millrace.schema.Origin;
import dev.millrace.schema.RuleResult;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The rules on what a lesson is made of, and on what learning it did to it. */
class LessonRulesTest {
  private static final LessonConfig CONFIG = LessonConfig.defaults();
  private static final int VOCABULARY = 30;

  /** The base knows the first ten tokens, the domain has the next ten. */
  private static final KnownTexts BASE =
      KnownTexts.of(Collections.nCopies(40, tokens(0)), VOCABULARY);

  private static final Profile DOMAIN =
      Profile.empty().with(Collections.nCopies(20, tokens(10)), BASE);

  @Test
  void inDomain_textsOfTheDomain_passes() {
    RuleResult rule = inDomain(Collections.nCopies(8, tokens(10)), 2);
    assertTrue(rule.passed(), rule::reason);
    assertEquals(1, rule.figures().get("tested"));
    assertEquals(0, rule.figures().get("foreign"));
    assertTrue(rule.figures().get("odds") > 0.5, rule::toString);
  }

  @Test
  void inDomain_textsOfAnother_isRefused() {
    RuleResult rule = inDomain(Collections.nCopies(8, tokens(20)), 2);
    assertFalse(rule.passed());
    assertEquals(
        "1.00 of its texts speak against the domain; expected at most 0.25", rule.reason());
    assertTrue(rule.figures().get("odds") < 0, rule::toString);
  }

  @Test
  void inDomain_someTextsOfAnother_passesUpToAQuarter() {
    List<int[]> lesson = new ArrayList<>(Collections.nCopies(12, tokens(10)));
    lesson.addAll(Collections.nCopies(4, tokens(0)));
    assertTrue(inDomain(lesson, 2).passed());
    lesson.set(0, tokens(0));
    assertFalse(inDomain(lesson, 2).passed());
  }

  @Test
  void inDomain_nothingWasLearnedYet_mostMayLookForeign() {
    List<int[]> lesson = new ArrayList<>(Collections.nCopies(8, tokens(10)));
    lesson.addAll(Collections.nCopies(12, tokens(0)));
    assertTrue(InDomain.judge(lesson, DOMAIN, true, 2, CONFIG).passed());
    lesson.set(0, tokens(0));
    assertFalse(InDomain.judge(lesson, DOMAIN, true, 2, CONFIG).passed());
  }

  @Test
  void inDomain_theBaseKnowsTheDomain_saysThatItTestedNothing() {
    RuleResult rule = inDomain(Collections.nCopies(8, tokens(20)), 1.2);
    assertTrue(rule.passed());
    assertEquals(0, rule.figures().get("tested"));
    assertEquals(1.2, rule.figures().get("novelty"));
    assertFalse(inDomain(Collections.nCopies(8, tokens(20)), 1.25).passed(), "it is new enough");
  }

  @Test
  void inDomain_nothingIsKnownOfTheDomain_noTextSpeaksAgainstIt() {
    List<int[]> lesson = Collections.nCopies(8, tokens(20));
    RuleResult rule = InDomain.judge(lesson, Profile.empty(), true, 2, CONFIG);
    assertTrue(rule.passed(), rule::reason);
    assertEquals(0, rule.figures().get("foreign"));
  }

  @Test
  void inDomain_nothingIsProtected_isTestedAllTheSame() {
    assertFalse(inDomain(Collections.nCopies(8, tokens(20)), Double.NaN).passed());
  }

  @Test
  void inDomain_fewTexts_saysThatItTestedNothing() {
    RuleResult rule = inDomain(Collections.nCopies(7, tokens(20)), 2);
    assertTrue(rule.passed());
    assertEquals(0, rule.figures().get("tested"));
    assertEquals(7, rule.figures().get("texts"));
  }

  @Test
  void tokenOrder_likelierInOrder_passes() {
    RuleResult rule = TokenOrder.judge(read(16, 0), 2, CONFIG);
    assertTrue(rule.passed(), rule::reason);
    assertEquals(0.25, rule.figures().get("saved"), 1e-12);
  }

  @Test
  void tokenOrder_someAsLikelyInAnyOrder_passesUpToAQuarter() {
    assertTrue(TokenOrder.judge(read(16, 4), 2, CONFIG).passed());
    RuleResult rule = TokenOrder.judge(read(16, 5), 2, CONFIG);
    assertFalse(rule.passed());
    assertEquals(5 / 16.0, rule.figures().get("unordered"));
  }

  @Test
  void tokenOrder_notANumber_isRefused() {
    List<LessonText> read = Collections.nCopies(16, new LessonText(tokens(10), Double.NaN, -80));
    assertFalse(TokenOrder.judge(read, 2, CONFIG).passed());
  }

  @Test
  void tokenOrder_whatServesKnowsNoOrderYet_saysThatItTestedNothing() {
    RuleResult rule = TokenOrder.judge(read(16, 16), 0.91 * 80 / 19, CONFIG);
    assertTrue(rule.passed());
    assertEquals(0, rule.figures().get("tested"));
  }

  @Test
  void tokenOrder_nothingIsHeldOut_isTestedAllTheSame() {
    assertFalse(TokenOrder.judge(read(16, 16), Double.NaN, CONFIG).passed());
  }

  @Test
  void tokenOrder_shortTexts_saysThatItTestedNothing() {
    RuleResult rule = TokenOrder.judge(ofTokens(11), 2, CONFIG);
    assertTrue(rule.passed());
    assertEquals(0, rule.figures().get("tested"));
    assertFalse(TokenOrder.judge(ofTokens(12), 2, CONFIG).passed());
  }

  /** Texts of so many tokens that cost the same in any order. */
  private static List<LessonText> ofTokens(int tokens) {
    return Collections.nCopies(16, new LessonText(new int[tokens], -80, -80));
  }

  @Test
  void generalizationGap_fallsOnBoth_passes() {
    RuleResult rule = gap(0.9, 0.95);
    assertTrue(rule.passed(), rule::reason);
    assertEquals(0.1, rule.figures().get("lesson"), 1e-6);
    assertEquals(0.05, rule.figures().get("gap"), 1e-6);
  }

  @Test
  void generalizationGap_learnedByHeart_isRefused() {
    RuleResult rule = gap(0.8, 0.96);
    assertFalse(rule.passed());
    assertEquals(
        "loss on the lesson's texts falls by 0.2000, by 0.1600 more than on held-out ones; expected"
            + " at least 0.002, and at most 0.15 more",
        rule.reason());
  }

  @Test
  void generalizationGap_lessonNotLearned_isRefused() {
    assertFalse(gap(0.999, 0.99).passed());
    assertTrue(gap(0.997, 0.99).passed());
  }

  @Test
  void generalizationGap_shareOfAChange_mayFallByTheShare() {
    assertTrue(gap(0.9994, 0.99, 0.25).passed());
    assertFalse(gap(0.9996, 0.99, 0.25).passed());
  }

  @Test
  void generalizationGap_noLessonWasRead_saysThatItTestedNothing() {
    RuleResult rule = new GeneralizationGap().judge(evidence(List.of(), 1, 1, 1));
    assertTrue(rule.passed());
    assertEquals(0, rule.figures().get("tested"));
  }

  private static RuleResult inDomain(List<int[]> lesson, double novelty) {
    return InDomain.judge(lesson, DOMAIN, false, novelty, CONFIG);
  }

  /** Texts of which some cost 80 nats in any order, and the others 60 in theirs. */
  private static List<LessonText> read(int count, int unordered) {
    return IntStream.range(0, count)
        .mapToObj(i -> new LessonText(tokens(10), i < unordered ? -79 : -60, -80))
        .toList();
  }

  /** Losses after training, as shares of those before. */
  private static RuleResult gap(double lesson, double heldOut) {
    return gap(lesson, heldOut, 1);
  }

  private static RuleResult gap(double lesson, double heldOut, double share) {
    List<LessonText> read = List.of(new LessonText(tokens(10), -100, -120));
    return new GeneralizationGap().judge(evidence(read, lesson, heldOut, share));
  }

  private static Case evidence(
      List<LessonText> lesson, double onLesson, double onHeldOut, double share) {
    LoraWeights weights =
        LoraWeights.initial(
            new LoraConfig(1, 1, false, List.of("q")), List.of(Site.linear("q", 2, 2)), 1);
    Served served = new Served(weights, Routing.topK(1));
    Training training = Training.none(AdapterState.fresh(weights));
    Fit fit =
        new Fit(
            List.of(new TokenScores(new float[] {(float) (-200 * onHeldOut)})),
            lesson.stream().mapToDouble(text -> onLesson * text.incumbentLogProb()).toArray());
    return new Case(
        GateConfig.defaults(),
        new Gate.Candidate(served, served, training, share, lesson, 3),
        List.of(new HeldOut("h", new Origin("t", 0, 0), tokens(10), 20, -200, -200)),
        () -> {
          throw new AssertionError("not asked for");
        },
        () -> fit,
        measured -> {
          throw new AssertionError("not asked for");
        });
  }

  /** Twenty of ten tokens. */
  private static int[] tokens(int from) {
    return IntStream.range(0, 20).map(i -> from + i % 10).toArray();
  }
}
