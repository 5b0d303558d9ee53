package dev.millrace.adapter.gate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.adapter.train.AdapterState;
import dev.millrace.adapter.train.Training;
import dev.millrace.model.adapter.Site;
import dev.millrace.model.base.TokenScores;
import dev.millrace.model.peft.LoraConfig;
import dev.millrace.model.peft.LoraWeights;
import dev.millrace.model.release.Routing;
import dev.millrace.schema.Origin;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is missing or not a number refuses, rule by rule. */
class MissingFiguresTest {
  private static final double NAN = Double.NaN;
  private static final LoraWeights WEIGHTS =
      LoraWeights.initial(
          new LoraConfig(1, 1, false, List.of("q")), List.of(Site.linear("q", 2, 2)), 1);
  private static final List<HeldOut> HELD_OUT = List.of(heldOut(-10), heldOut(-12));
  private static final double[] BETTER = {-8, -9};
  private static final Map<String, Double> UNHARMED = Map.of("java", 0.001);

  private static final List<LessonText> LESSON = List.of(new LessonText(new int[] {1, 2}, -9, -12));
  private static final Measured NONE = new Measured(0, 0, List.of());

  /** A rule, and figures of which one is not there. */
  record Lack(Rule rule, Figures figures) {}

  private record Figures(Harm harm, Fit fit, Measured measured) {}

  static Stream<Lack> lacks() {
    return Stream.of(
        new Lack(new BetterThanIncumbent(), measured(new double[] {-8, NAN}, UNHARMED, 0, 0, 1)),
        new Lack(new NoWorseThanIncumbent(), measured(new double[] {-8, NAN}, UNHARMED, 0, 0, 1)),
        new Lack(new ProtectedUnharmed(), measured(BETTER, Map.of(), 0, 0, 1)),
        new Lack(new ProtectedUnharmed(), measured(BETTER, Map.of("java", NAN), 0, 0, 1)),
        new Lack(new ProtectedUnharmed(), measured(BETTER, UNHARMED, NAN, 0, 1)),
        new Lack(
            new GeneralizationGap(),
            new Figures(measured(BETTER, UNHARMED, 0, 0, 1).harm(), fit(BETTER, NAN), NONE)),
        new Lack(new GeneralizationGap(), measured(new double[] {-8, NAN}, UNHARMED, 0, 0, 1)),
        new Lack(new TrainServeParity(), measured(BETTER, UNHARMED, 0, NAN, 1)),
        new Lack(new RoutingAgreement(), measured(BETTER, UNHARMED, 0, 0, NAN)));
  }

  @ParameterizedTest
  @MethodSource("lacks")
  void judge_figureMissing_refuses(Lack lack) {
    assertTrue(lack.rule.judge(with(measured(BETTER, UNHARMED, 0, 0, 1))).passed());
    assertFalse(lack.rule.judge(with(lack.figures)).passed());
  }

  @Test
  void judge_trainingNeverStepped_refuses() {
    assertFalse(new NotExploded().judge(with(measured(BETTER, UNHARMED, 0, 0, 1))).passed());
  }

  @Test
  void reach_agreementMissing_isNone() {
    Harm harm = measured(BETTER, UNHARMED, 0, 0, NAN).harm();
    assertEquals(0, harm.reach(harm.protectedRise(), GateConfig.defaults()));
  }

  @Test
  void judge_noHeldOut_refuses() {
    assertEquals(
        "0 held-out samples, 0 tokens; expected at least 4 and 400, or 16 samples",
        new EnoughEvidence().judge(List.of(), GateConfig.defaults()).reason());
  }

  private static Figures measured(
      double[] heldOut, Map<String, Double> rises, double all, double parity, double routing) {
    return new Figures(
        new Harm(new ProtectedRise(rises, all), new Harm.Usage(routing, 1, new double[0])),
        fit(heldOut, -7),
        new Measured(parity, 0, List.of()));
  }

  /** Of held-out samples and of the lesson's one text. */
  private static Fit fit(double[] heldOut, double lesson) {
    List<TokenScores> scores =
        Arrays.stream(heldOut)
            .mapToObj(logProb -> new TokenScores(new float[] {(float) logProb}))
            .toList();
    return new Fit(scores, new double[] {lesson});
  }

  private static Case with(Figures figures) {
    Served served = new Served(WEIGHTS, Routing.topK(1));
    Training never = Training.none(AdapterState.fresh(WEIGHTS));
    return new Case(
        GateConfig.defaults(),
        new Gate.Candidate(served, served, never, 1, LESSON, 3),
        HELD_OUT,
        figures::harm,
        figures::fit,
        fit -> figures.measured());
  }

  private static HeldOut heldOut(double logProb) {
    return new HeldOut("h", new Origin("t", 0, 0), new int[] {1, 2, 3}, 3, logProb, logProb);
  }
}
