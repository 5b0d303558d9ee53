package dev.millrace.model.djl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.model.adapter.AdapterKind;
import dev.millrace.model.adapter.AdapterPlan;
import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.adapter.Delta;
import dev.millrace.model.adapter.Factor;
import dev.millrace.model.adapter.Site;
import dev.millrace.model.base.Computation;
import dev.millrace.model.base.Gradients;
import dev.millrace.model.base.Likeliest;
import dev.millrace.model.base.Products;
import dev.millrace.model.base.Recompute;
import dev.millrace.model.base.Sequence;
import dev.millrace.model.base.WeightedSequence;
import dev.millrace.model.kinds.AdapterKinds;
import dev.millrace.model.peft.Lora;
import dev.millrace.model.peft.LoraConfig;
import dev.millrace.model.peft.LoraWeights;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Gradients of every kind of adapter, at every kind of layer, against central differences of {@link
 * NaiveModel}'s loss, which is computed in fp64. The collector runs before each call.
 */
class AdapterGradientsTest {

  private static final double STEP = 0x1p-13;

  /** Of the norm of a factor's gradient, and of the greatest such norm. */
  private static final double CLOSE = 5e-4;

  private static final double CLOSE_TO_ALL = 1e-5;

  @TempDir Path folder;

  static Stream<NaiveModelTest.Case> cases() {
    return NaiveModelTest.cases();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void gradients_everyFactorOfEveryKind_areCentralDifferencesOfTheOracle(NaiveModelTest.Case given)
      throws IOException {
    RandomCheckpoint.write(folder, given.json(), given.dtype(), 11);
    try (NaiveModel naive = new NaiveModel(folder);
        DjlModel model = DjlModels.openModel(folder, Precision.FLOAT32)) {
      for (AdapterWeights adapter : adapters(model.sites())) {
        Gradients texts = model.gradients(adapter, rows(), Computation.plain());
        check(a -> loss(naive, a), adapter, texts);
        System.gc();
        Computation again = new Computation(Products.FP32, Recompute.LAYERS);
        AdapterTrainingTest.same(texts, model.gradients(adapter, rows(), again));
        System.gc();
        Gradients anchors = model.anchorGradients(adapter, rows(), Computation.plain());
        naive.adapt(nothing(adapter));
        double[][][] base = logProbs(naive);
        check(a -> drift(naive, base, a), adapter, anchors);
        List<WeightedSequence> taught = taught(model);
        Gradients distilled = model.gradients(adapter, taught, Computation.plain());
        check(a -> apart(naive, taught, a), adapter, distilled);
        AdapterTrainingTest.same(distilled, model.gradients(adapter, taught, again));
        System.gc();
        AdapterWeights teacher = drawn(adapter, 4);
        Gradients held = model.teacherGradients(adapter, teacher, rows(), Computation.plain());
        naive.adapt(teacher);
        double[][][] said = logProbs(naive);
        check(a -> drift(naive, said, a), adapter, held);
      }
    }
  }

  /**
   * What PEFT's rank_pattern, alpha_pattern and use_rslora ask for, as an adopted adapter has it.
   */
  @Test
  void gradients_ranksAlphasAndScalesOfTheirOwn_areCentralDifferencesOfTheOracle()
      throws IOException {
    NaiveModelTest.Case given =
        cases().filter(c -> c.json().contains("'n_shared_experts':2")).findFirst().orElseThrow();
    RandomCheckpoint.write(folder, given.json(), given.dtype(), 11);
    try (NaiveModel naive = new NaiveModel(folder);
        DjlModel model = DjlModels.openModel(folder, Precision.FLOAT32)) {
      LoraConfig plain = Lora.KIND.initial(new AdapterPlan(2, 3, true), model.sites(), 1).config();
      LoraConfig config =
          new LoraConfig(
              2,
              3,
              true,
              plain.targetModules(),
              plain.targetParameters(),
              Map.of("o_proj", 4, "experts\\.down_proj", 1, "shared_experts\\.up_proj\\.weight", 3),
              Map.of("kv_b_proj", 7.0, "gate_up_proj", 1.0, "mlp\\.down_proj\\.weight", 5.0),
              plain.layout());
      AdapterWeights adapter = drawn(LoraWeights.initial(config, model.sites(), 1), 3);
      assertEquals(
          Set.of(1, 2, 3, 4),
          adapter.deltas().stream().map(Delta::rank).collect(Collectors.toSet()));
      check(a -> loss(naive, a), adapter, model.gradients(adapter, rows(), Computation.plain()));
    }
  }

  /** One of each kind, at every place where it can add, with no factor zero. */
  private static List<AdapterWeights> adapters(List<Site> sites) {
    List<AdapterWeights> adapters = new ArrayList<>();
    for (String name : AdapterKinds.names()) {
      AdapterKind kind = AdapterKinds.named(name);
      AdapterPlan plan = new AdapterPlan(3, 6, kind.addsTo(Site.Place.EXPERTS));
      adapters.add(drawn(kind.initial(plan, sites, 1), 3));
    }
    return adapters;
  }

  private static AdapterWeights drawn(AdapterWeights zero, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    List<float[]> values = new ArrayList<>();
    for (Factor factor : zero.factors()) {
      values.add(RandomAdapters.normal(random, factor.values().length));
    }
    return zero.with(values);
  }

  private static AdapterWeights nothing(AdapterWeights adapter) {
    return adapter.with(adapter.factors().stream().map(f -> new float[f.values().length]).toList());
  }

  private static List<WeightedSequence> rows() {
    return List.of(
        new WeightedSequence(tokens(7, 1), 1),
        new WeightedSequence(tokens(5, 2), 0.5f),
        new WeightedSequence(tokens(5, 3), 1));
  }

  /** The same, of which the base alone says what is likeliest. */
  private static List<WeightedSequence> taught(DjlModel model) {
    List<WeightedSequence> taught = new ArrayList<>();
    for (WeightedSequence row : rows()) {
      Sequence alone = new Sequence(row.tokens(), model.noAdapter());
      Likeliest said = model.likeliest(List.of(alone), 5, 1).get(0);
      taught.add(new WeightedSequence(row.tokens(), row.weight(), said));
    }
    return taught;
  }

  @Test
  void gradients_taughtBesideUntaught_areRefused() throws IOException {
    NaiveModelTest.Case given = cases().findFirst().orElseThrow();
    RandomCheckpoint.write(folder, given.json(), given.dtype(), 11);
    try (DjlModel model = DjlModels.openModel(folder, Precision.FLOAT32)) {
      AdapterWeights adapter = adapters(model.sites()).get(0);
      List<WeightedSequence> mixed = List.of(rows().get(0), taught(model).get(1));
      assertThrows(
          IllegalArgumentException.class,
          () -> model.gradients(adapter, mixed, Computation.plain()));
    }
  }

  private static int[] tokens(int n, long seed) {
    return new SplittableRandom(seed).ints(n, 0, 97).toArray();
  }

  /**
   * Each factor along a direction of random signs: every entry has its part in it. Where a step
   * changes the routing, or crosses a bound of clip_qkv, a smaller one in another direction is
   * taken.
   */
  private static void check(
      ToDoubleFunction<AdapterWeights> loss, AdapterWeights adapter, Gradients found) {
    assertEquals(loss.applyAsDouble(adapter), found.loss(), 1e-5 * Math.max(1, found.loss()));
    double scale = 0;
    for (float[] factor : found.factors()) {
      scale = Math.max(scale, dot(factor, factor));
    }
    SplittableRandom random = new SplittableRandom(7);
    for (int factor = 0; factor < found.factors().size(); factor++) {
      float[] gradient = found.factors().get(factor);
      double tolerance =
          CLOSE * Math.sqrt(dot(gradient, gradient)) + CLOSE_TO_ALL * Math.sqrt(scale);
      String name = adapter.kind().name() + " " + adapter.factors().get(factor).name();
      assertTrue(dot(gradient, gradient) > 0, name);
      float[] direction;
      double wanted;
      double step = STEP;
      do {
        assertTrue(step >= 0x1p-21, "no smooth direction of " + name);
        direction = signs(gradient.length, random);
        wanted = difference(loss, adapter, factor, direction, step);
        step /= 4;
      } while (Math.abs(wanted - difference(loss, adapter, factor, direction, 8 * step))
          > tolerance);
      assertEquals(wanted, dot(gradient, direction), tolerance, name);
    }
  }

  private static float[] signs(int n, SplittableRandom random) {
    float[] signs = new float[n];
    for (int i = 0; i < n; i++) {
      signs[i] = random.nextBoolean() ? 1 : -1;
    }
    return signs;
  }

  private static double difference(
      ToDoubleFunction<AdapterWeights> loss,
      AdapterWeights adapter,
      int factor,
      float[] direction,
      double step) {
    return (loss.applyAsDouble(RandomAdapters.moved(adapter, factor, direction, step))
            - loss.applyAsDouble(RandomAdapters.moved(adapter, factor, direction, -step)))
        / (2 * step);
  }

  static double dot(float[] one, float[] other) {
    double sum = 0;
    for (int i = 0; i < one.length; i++) {
      sum += (double) one[i] * other[i];
    }
    return sum;
  }

  private static double loss(NaiveModel naive, AdapterWeights adapter) {
    naive.adapt(adapter);
    double[][][] logp = logProbs(naive);
    double loss = 0;
    for (int r = 0; r < logp.length; r++) {
      WeightedSequence row = rows().get(r);
      for (int t = 0; t + 1 < row.tokens().length; t++) {
        loss -= row.weight() * logp[r][t][row.tokens()[t + 1]];
      }
    }
    return loss;
  }

  private static double drift(NaiveModel naive, double[][][] base, AdapterWeights adapter) {
    naive.adapt(adapter);
    double[][][] logq = logProbs(naive);
    double drift = 0;
    for (int r = 0; r < logq.length; r++) {
      for (int t = 0; t + 1 < logq[r].length; t++) {
        for (int v = 0; v < logq[r][t].length; v++) {
          double logp = base[r][t][v];
          drift += rows().get(r).weight() * Math.exp(logp) * (logp - logq[r][t][v]);
        }
      }
    }
    return drift;
  }

  private static double apart(
      NaiveModel naive, List<WeightedSequence> taught, AdapterWeights adapter) {
    naive.adapt(adapter);
    double[][][] logq = logProbs(naive);
    double apart = 0;
    for (int r = 0; r < logq.length; r++) {
      Likeliest said = Objects.requireNonNull(taught.get(r).taught());
      for (int t = 0; t + 1 < logq[r].length; t++) {
        double rest = 1;
        double others = 1;
        double kl = 0;
        for (int i = t * said.count(); i < (t + 1) * said.count(); i++) {
          double logp = said.logProbs()[i];
          double q = logq[r][t][said.tokens()[i]];
          kl += Math.exp(logp) * (logp - q);
          rest -= Math.exp(logp);
          others -= Math.exp(q);
        }
        apart += taught.get(r).weight() * (kl + rest * Math.log(rest / others));
      }
    }
    return apart;
  }

  /** (rows, time, vocab). */
  private static double[][][] logProbs(NaiveModel naive) {
    return rows().stream()
        .map(
            row -> {
              double[][] logits = naive.logits(row.tokens());
              for (double[] x : logits) {
                double sum = Math.log(Arrays.stream(x).map(Math::exp).sum());
                Arrays.setAll(x, v -> x[v] - sum);
              }
              return logits;
            })
        .toArray(double[][][]::new);
  }
}
