package dev.millrace.job.bench.experts;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.bench.experts.SplitPlan.Copying;
import dev.millrace.model.base.ExpertLayer;
import dev.millrace.model.base.ExpertLayer.Choices;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** However a layer is split, it stays the layer that the program of the model runs. */
class SplitLayerTest {

  private static final int EXPERTS = 16;

  /** A layer of a golden checkpoint, each with 16 experts, and rows for it. */
  record Case(SplitPlan plan, int tokens, long seed) {}

  @Provide
  Arbitrary<Case> cases() {
    Arbitrary<String[]> layers =
        Arbitraries.of(
            new String[] {"olmoe-tiny", "0"},
            new String[] {"olmoe-tiny", "2"},
            new String[] {"qwen3-moe-tiny", "1"},
            new String[] {"deepseek-v3-tiny", "2"});
    return Combinators.combine(
            layers,
            Arbitraries.of(1, 2, 4),
            Arbitraries.of(1, 2),
            Arbitraries.integers().between(1, 4),
            Arbitraries.of(Copying.class),
            Arbitraries.integers().between(1, 70),
            Arbitraries.longs())
        .as(
            (layer, groups, parts, limit, copying, tokens, seed) ->
                new Case(
                    new SplitPlan(
                        OneProcess.GOLDEN.resolve(layer[0]).toString(),
                        Integer.parseInt(layer[1]),
                        new Placement(groups, parts, EXPERTS),
                        Math.min(limit, groups),
                        copying),
                    tokens,
                    seed));
  }

  /** Only the order of sums differs: twice the rounding of so many terms. */
  @Property(tries = 24)
  void run_splitInAnyWay_isTheWholeLayerButForTheRoundingOfSums(@ForAll("cases") Case some)
      throws Exception {
    try (OneProcess split = new OneProcess(some.plan);
        ExpertLayer whole = some.plan.openWhole()) {
      float[] rows = rows(some, whole.hiddenSize());
      float[] expected = whole.run(rows);
      float[] actual = split.run(new HiddenBatch(0, rows));
      assertEquals(expected.length, actual.length);
      Choices choices = whole.route(rows);
      double[] magnitudes = magnitudes(whole, choices, rows);
      for (int i = 0; i < actual.length; i++) {
        double bound = 2.1 * choices.topK() * 0x1p-24 * magnitudes[i] + Float.MIN_NORMAL;
        assertTrue(
            Math.abs(actual[i] - expected[i]) <= bound,
            "value %d is %s, expected %s within %s".formatted(i, actual[i], expected[i], bound));
      }
    }
  }

  @Property(tries = 12)
  void deal_copies_areOneAnExpertOrOneAGroup(@ForAll("cases") Case some) throws Exception {
    try (OneProcess split = new OneProcess(some.plan);
        ExpertLayer whole = some.plan.openWhole()) {
      float[] rows = rows(some, whole.hiddenSize());
      Choices choices = whole.route(rows);
      int copies =
          split.deal(new HiddenBatch(0, rows), 0).stream().mapToInt(c -> c.keys().length).sum();
      int uses =
          split.deal(new HiddenBatch(0, rows), 0).stream().mapToInt(c -> c.experts().length).sum();
      assertEquals(choices.experts().length, uses);
      assertEquals(
          some.plan.copying() == Copying.EACH_EXPERT ? uses : groupsOfTokens(choices, some.plan),
          copies);
    }
  }

  private static int groupsOfTokens(Choices choices, SplitPlan plan) {
    int k = choices.topK();
    return IntStream.range(0, choices.rows())
        .map(
            token ->
                (int)
                    Arrays.stream(choices.experts(), token * k, (token + 1) * k)
                        .map(plan.placement()::group)
                        .distinct()
                        .count())
        .sum();
  }

  private static float[] rows(Case some, int hiddenSize) {
    SplittableRandom random = new SplittableRandom(some.seed);
    float[] rows = new float[some.tokens * hiddenSize];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = (float) random.nextGaussian();
    }
    return rows;
  }

  /** Σ |w · y| of each value. */
  private static double[] magnitudes(ExpertLayer whole, Choices choices, float[] rows) {
    int d = whole.hiddenSize();
    int k = choices.topK();
    double[] sums = new double[rows.length];
    for (int use = 0; use < choices.experts().length; use++) {
      int token = use / k;
      int[] counts = new int[EXPERTS];
      counts[choices.experts()[use]] = 1;
      float[] y = whole.apply(counts, Arrays.copyOfRange(rows, token * d, (token + 1) * d));
      for (int i = 0; i < d; i++) {
        sums[token * d + i] += Math.abs((double) choices.weights()[use] * y[i]);
      }
    }
    return sums;
  }
}
