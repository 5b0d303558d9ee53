package dev.millrace.model.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.JniUtils;
import com.sun.management.ThreadMXBean;
import dev.millrace.model.adapter.Site;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.Computation;
import dev.millrace.model.base.Generation;
import dev.millrace.model.base.Gradients;
import dev.millrace.model.base.LoadedAdapter;
import dev.millrace.model.base.Prompt;
import dev.millrace.model.base.Reading;
import dev.millrace.model.base.RoutedScores;
import dev.millrace.model.base.Routes;
import dev.millrace.model.base.Sequence;
import dev.millrace.model.base.ShareCalibration;
import dev.millrace.model.base.TokenScores;
import dev.millrace.model.base.WeightedSequence;
import dev.millrace.model.peft.LoraConfig;
import dev.millrace.model.peft.LoraPair;
import dev.millrace.model.peft.LoraWeights;
import dev.millrace.model.program.MatrixFormat;
import dev.millrace.model.release.Routing;
import dev.millrace.model.weights.DType;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.ToDoubleFunction;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The generated programs of a small checkpoint against each other and against themselves. */
class DjlModelTest {

  private static final Path GOLDEN = Path.of("src/test/resources/golden/olmoe-tiny");
  private static DjlModel reference;
  private static DjlModel int8;

  @BeforeAll
  static void open() throws IOException {
    reference = DjlModels.openModel(GOLDEN, Precision.FLOAT32);
    int8 = DjlModels.openModel(GOLDEN, Precision.INT8);
  }

  @AfterAll
  static void close() {
    reference.close();
    int8.close();
  }

  private static LoraWeights zero() {
    return LoraWeights.initial(
        new LoraConfig(4, 8, false, List.of("k_proj", "o_proj", "q_proj", "v_proj")),
        reference.sites(),
        1);
  }

  /** An adapter that changes something at every site. */
  private static LoraWeights random(long seed) {
    return RandomAdapters.everywhere(reference.sites(), 4, seed);
  }

  private static LoraWeights at(Site.Place... places) {
    return RandomAdapters.at(reference.sites(), 4, 6, Set.of(places));
  }

  private static float maxDifference(float[] a, float[] b) {
    assertEquals(a.length, b.length);
    float max = 0;
    for (int i = 0; i < a.length; i++) {
      max = Math.max(max, Math.abs(a[i] - b[i]));
    }
    return max;
  }

  @Test
  void score_zeroAdapter_isTheBase() {
    int[] tokens = tokens(40, 3);
    try (LoadedAdapter adapter = int8.load(zero())) {
      assertArrayEquals(
          int8.score(List.of(new Sequence(tokens, int8.noAdapter()))).get(0).logProbs(),
          int8.score(List.of(new Sequence(tokens, adapter))).get(0).logProbs());
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"INT8", "INT8_IN_FP16"})
  void score_amongOthers_isBitwiseTheSame(MatrixFormat format) throws IOException {
    try (DjlModel model = DjlModels.openAlone(GOLDEN, format);
        LoadedAdapter one = model.load(random(1));
        LoadedAdapter two = model.load(random(2))) {
      List<Sequence> all = new ArrayList<>();
      for (int i = 0; i < 9; i++) {
        LoadedAdapter adapter = i % 3 == 0 ? model.noAdapter() : i % 3 == 1 ? one : two;
        all.add(new Sequence(tokens(5 + 7 * (i / 2), i), adapter));
      }
      MixedBatchTest.assertEachScoredAsAlone(model, all);
    }
  }

  @Test
  void routes_noAdapter_areThoseOfTheTrace() {
    int[] tokens = tokens(40, 3);
    Routes routes = int8.routes(List.of(new Sequence(tokens, int8.noAdapter()))).get(0);
    Trace trace = int8.trace(tokens);
    assertEquals(trace.experts().size(), routes.layers().size());
    for (int layer = 0; layer < routes.layers().size(); layer++) {
      assertArrayEquals(trace.experts().get(layer), routes.layers().get(layer));
    }
  }

  @Test
  void routes_adapterThatChangesSomething_agreeWithTheBaseInPart() {
    int[] tokens = tokens(40, 3);
    try (LoadedAdapter same = int8.load(zero());
        LoadedAdapter other = int8.load(random(1))) {
      Routes base = int8.routes(List.of(new Sequence(tokens, int8.noAdapter()))).get(0);
      assertEquals(1, base.agreement(int8.routes(List.of(new Sequence(tokens, same))).get(0)));
      double part = base.agreement(int8.routes(List.of(new Sequence(tokens, other))).get(0));
      assertTrue(part > 0.2 && part < 1, () -> "agreement is " + part);
    }
  }

  @Test
  void generate_amongOthers_isBitwiseTheSame() {
    try (LoadedAdapter one = int8.load(random(1))) {
      List<Prompt> all = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        LoadedAdapter adapter = i % 2 == 0 ? int8.noAdapter() : one;
        all.add(new Prompt(tokens(3 + 5 * i, i), adapter, 4 + 3 * i, i < 3 ? 0 : 0.8, 7 + i));
      }
      List<Generation> together = MixedBatchTest.assertEachAsAlone(int8, all);
      for (int i = 0; i < all.size(); i++) {
        assertEquals(all.get(i).maxTokens(), together.get(i).tokens().length);
      }
    }
  }

  @Test
  void generate_eachToken_asksWhetherToGoOn() {
    Prompt prompt = new Prompt(tokens(12, 5), int8.noAdapter(), 7, 0, 1);
    AtomicInteger asked = new AtomicInteger();
    List<Generation> unused = int8.generate(List.of(prompt, prompt), asked::incrementAndGet);
    assertEquals(2 * 7, asked.get());
  }

  /** Its digest says that it is. */
  @Test
  void open_thatIsOpenAlready_asksWhetherToGoOnAllTheSame() throws IOException {
    Runnable unwanted =
        () -> {
          throw new CancellationException("the task ends");
        };
    try (BaseModel unused = DjlModels.open(GOLDEN, Precision.INT8)) {
      assertThrows(
          CancellationException.class, () -> DjlModels.open(GOLDEN, Precision.INT8, unwanted));
    }
  }

  @Test
  void generate_withCache_agreesWithScore() {
    int[] prompt = tokens(12, 5);
    Generation generation =
        reference.generate(List.of(new Prompt(prompt, reference.noAdapter(), 20, 0, 1))).get(0);
    int[] whole = Arrays.copyOf(prompt, 32);
    System.arraycopy(generation.tokens(), 0, whole, 12, 20);
    float[] scored =
        reference.score(List.of(new Sequence(whole, reference.noAdapter()))).get(0).logProbs();
    assertTrue(maxDifference(Arrays.copyOfRange(scored, 11, 31), generation.logProbs()) < 1e-3);
  }

  @Test
  void scoreAsTrained_anyAdapter_isWhatServes() {
    LoraWeights adapter = random(4);
    int[] tokens = tokens(60, 9);
    try (LoadedAdapter loaded = reference.load(adapter)) {
      float[] served = reference.score(List.of(new Sequence(tokens, loaded))).get(0).logProbs();
      float[] trained =
          reference.scoreAsTrained(adapter, List.of(tokens, tokens(20, 1))).get(0).logProbs();
      assertTrue(maxDifference(served, trained) < 1e-3);
    }
  }

  @Test
  void read_anySequence_hasTheEntropiesOfTheLogits() {
    int[] tokens = tokens(24, 1);
    float[] entropies = reference.read(List.of(tokens)).get(0).entropies();
    float[] logits = reference.logits(zeroed(random(1)), new int[][] {tokens});
    int v = reference.config().vocabSize();
    assertEquals(tokens.length - 1, entropies.length);
    for (int t = 0; t < entropies.length; t++) {
      double[] exps = new double[v];
      for (int i = 0; i < v; i++) {
        exps[i] = Math.exp(logits[t * v + i]);
      }
      double sum = Arrays.stream(exps).sum();
      double entropy = Arrays.stream(exps).map(e -> -e / sum * Math.log(e / sum)).sum();
      assertEquals(entropy, entropies[t], 1e-4);
    }
  }

  @Test
  void read_severalSequences_isScoreAndEmbedBitForBit() {
    List<int[]> rows = List.of(tokens(24, 1), tokens(7, 2), tokens(40, 3));
    List<Reading> readings = int8.read(rows);
    for (int i = 0; i < rows.size(); i++) {
      Sequence alone = new Sequence(rows.get(i), int8.noAdapter());
      TokenScores scores = int8.score(List.of(alone)).get(0);
      assertArrayEquals(scores.logProbs(), readings.get(i).scores().logProbs());
      float[] entropies = int8.read(List.of(rows.get(i))).get(0).entropies();
      assertArrayEquals(entropies, readings.get(i).entropies());
      int[] start = Arrays.copyOf(rows.get(i), rows.get(i).length - 1);
      assertArrayEquals(int8.embed(List.of(start)).get(0), readings.get(i).embedding());
    }
  }

  @Test
  void score_asServedAndAsTrained_agreeFarWithinTheGatesBound() {
    List<int[]> rows = List.of(tokens(60, 1), tokens(60, 2), tokens(60, 3));
    LoraWeights adapter = random(6);
    List<TokenScores> trained = int8.scoreAsTrained(adapter, rows);
    double difference = 0;
    int n = 0;
    try (LoadedAdapter loaded = int8.load(adapter)) {
      for (int i = 0; i < rows.size(); i++) {
        float[] served = int8.score(List.of(new Sequence(rows.get(i), loaded))).get(0).logProbs();
        for (int t = 0; t < served.length; t++) {
          difference += Math.abs(served[t] - trained.get(i).logProbs()[t]);
          n++;
        }
      }
    }
    double mean = difference / n;
    assertTrue(mean < 0.004, () -> "mean |Δ log p| " + mean);
  }

  @ParameterizedTest
  @EnumSource(names = {"INT8", "INT8_IN_FP16"})
  void trains_onTheCpu_hasTheEmbeddingOfWhatServes(MatrixFormat format) throws IOException {
    try (DjlModel model = DjlModels.openAlone(GOLDEN, format)) {
      List<Sequence> text = List.of(new Sequence(new int[] {5, 6, 7, 8}, model.noAdapter()));
      float[] before = model.score(text).get(0).logProbs();
      Program trains = model.trains();
      int width = model.config().hiddenSize();
      try (PtNDManager scope = trains.scope()) {
        PtNDArray zeros = Program.array(scope, new Values(new float[9 * width], 9, width));
        trains.infer(scope, "embedding_rows", IValue.from(zeros), IValue.from(0L));
      }
      assertFalse(Arrays.equals(before, model.score(text).get(0).logProbs()));
    }
  }

  /** Texts and how many experts of the olmoe-tiny base they are to use on average: 1.5 of 16. */
  private static Routing byEntropy(DjlModel model) {
    List<int[]> texts = List.of(tokens(60, 1), tokens(60, 2), tokens(60, 3));
    return ShareCalibration.calibrate(model, random(1), texts, 1.5 / 16);
  }

  @ParameterizedTest
  @EnumSource(names = {"INT8", "INT8_IN_FP16"})
  void scoreRouted_amongOthersOfOtherRoutings_isWhatScoresAndRoutesAlone(MatrixFormat format)
      throws IOException {
    try (DjlModel model = DjlModels.openAlone(GOLDEN, format);
        LoadedAdapter fixed = model.load(random(1));
        LoadedAdapter routed = model.under(byEntropy(model)).load(random(1))) {
      List<Sequence> all = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        LoadedAdapter adapter = i % 3 == 0 ? model.noAdapter() : i % 3 == 1 ? fixed : routed;
        all.add(new Sequence(tokens(5 + 7 * i, i), adapter));
      }
      List<RoutedScores> together = model.scoreRouted(all);
      for (int i = 0; i < all.size(); i++) {
        List<Sequence> alone = all.subList(i, i + 1);
        assertArrayEquals(
            model.score(alone).get(0).logProbs(), together.get(i).scores().logProbs());
        Routes routes = model.routes(alone).get(0);
        assertEquals(1, routes.agreement(together.get(i).routes()));
        assertEquals(routes.active(), together.get(i).routes().active());
      }
    }
  }

  @Test
  void calibrate_anyTexts_useTheShareThatWasAskedFor() {
    List<int[]> texts = List.of(tokens(60, 1), tokens(60, 2), tokens(60, 3));
    BaseModel routed = int8.under(byEntropy(int8));
    double used = ShareCalibration.activeShare(routed, random(1), texts);
    assertEquals(1.5 / 16, used, 0.02 * 1.5 / 16);
    double before = ShareCalibration.activeShare(int8, random(1), texts);
    assertEquals(2.0 / 16, before, 1e-9);
  }

  @Test
  void under_anotherFixedNumber_isWhatTokensGet() {
    List<int[]> texts = List.of(tokens(60, 1), tokens(60, 2));
    for (int k = 1; k <= 4; k++) {
      BaseModel routed = int8.under(Routing.fixed(int8.config(), k));
      assertEquals(k / 16.0, ShareCalibration.activeShare(routed, random(1), texts), 1e-9);
    }
  }

  @Test
  void score_amongOthersOfOtherRoutings_isBitwiseTheSame() {
    Routing routing = byEntropy(int8);
    try (LoadedAdapter fixed = int8.load(random(1));
        LoadedAdapter routed = int8.under(routing).load(random(1))) {
      List<Sequence> all = new ArrayList<>();
      for (int i = 0; i < 9; i++) {
        LoadedAdapter adapter = i % 3 == 0 ? int8.noAdapter() : i % 3 == 1 ? fixed : routed;
        all.add(new Sequence(tokens(5 + 7 * i, i), adapter));
      }
      MixedBatchTest.assertEachScoredAsAlone(int8, all);
      Sequence as = new Sequence(tokens(40, 4), fixed);
      Sequence otherwise = new Sequence(tokens(40, 4), routed);
      assertTrue(
          maxDifference(
                  int8.score(List.of(as)).get(0).logProbs(),
                  int8.score(List.of(otherwise)).get(0).logProbs())
              > 1e-3);
    }
  }

  @Test
  void generate_routedAmongOthers_isBitwiseTheSameAndWhatScores() {
    try (LoadedAdapter routed = int8.under(byEntropy(int8)).load(random(1))) {
      List<Prompt> all = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        LoadedAdapter adapter = i % 2 == 0 ? int8.noAdapter() : routed;
        all.add(new Prompt(tokens(3 + 5 * i, i), adapter, 12, 0, 7));
      }
      List<Generation> together = MixedBatchTest.assertEachAsAlone(int8, all);
      int[] prompt = all.get(1).tokens();
      int[] whole = Arrays.copyOf(prompt, prompt.length + 12);
      System.arraycopy(together.get(1).tokens(), 0, whole, prompt.length, 12);
      float[] scored = int8.score(List.of(new Sequence(whole, routed))).get(0).logProbs();
      assertArrayEquals(
          Arrays.copyOfRange(scored, prompt.length - 1, whole.length - 1),
          together.get(1).logProbs(),
          1e-3f);
    }
  }

  @Test
  void scoreAsTrained_underARouting_isWhatServes() {
    BaseModel routed = reference.under(byEntropy(reference));
    int[] tokens = tokens(40, 4);
    try (LoadedAdapter loaded = routed.load(random(5))) {
      assertArrayEquals(
          reference.score(List.of(new Sequence(tokens, loaded))).get(0).logProbs(),
          routed.scoreAsTrained(random(5), List.of(tokens)).get(0).logProbs(),
          1e-5f);
    }
  }

  @Test
  void under_routingOfAnotherBase_isRefused() {
    var refused =
        assertThrows(
            IllegalArgumentException.class,
            () -> int8.under(new Routing(Routing.ENTROPY, 3, 0.1, 0.05)));
    assertEquals("routing entropy of top 3, expected top 2", refused.getMessage());
    refused =
        assertThrows(
            IllegalArgumentException.class, () -> int8.under(Routing.fixed(int8.config(), 5)));
    assertEquals("routing fixed of top 5, expected top 1 to 4", refused.getMessage());
  }

  private static List<WeightedSequence> unequal() {
    return List.of(
        new WeightedSequence(tokens(24, 1), 1), new WeightedSequence(tokens(17, 2), 0.5f));
  }

  @Test
  void gradients_underARouting_areCentralDifferences() {
    BaseModel routed = reference.under(byEntropy(reference));
    LoraWeights adapter = at(Site.Place.LINEAR, Site.Place.EXPERTS);
    List<WeightedSequence> batch = unequal();
    Gradients gradients = routed.gradients(adapter, batch, Computation.plain());
    check(a -> loss(routed, a, batch), adapter, gradients);
  }

  @Test
  void gradients_everyFactor_areCentralDifferences() {
    LoraWeights adapter = at(Site.Place.LINEAR);
    List<WeightedSequence> batch = unequal();
    Gradients gradients = reference.gradients(adapter, batch, Computation.plain());
    check(a -> loss(a, batch), adapter, gradients);
  }

  @Test
  void anchorGradients_everyFactor_areCentralDifferences() {
    LoraWeights adapter = at(Site.Place.LINEAR);
    List<WeightedSequence> batch = unequal();
    Gradients gradients = reference.anchorGradients(adapter, batch, Computation.plain());
    assertEquals(drift(adapter, batch), gradients.loss(), 1e-3 * gradients.loss());
    check(a -> drift(a, batch), adapter, gradients);
  }

  @Test
  void anchorGradients_adapterThatChangesNothing_areZero() {
    LoraWeights zero = zeroed(random(6));
    Gradients gradients =
        reference.anchorGradients(
            zero, List.of(new WeightedSequence(tokens(24, 1), 1)), Computation.plain());
    assertEquals(0, gradients.loss(), 1e-4);
    for (int i = 1; i < gradients.factors().size(); i += 2) {
      float[] b = gradients.factors().get(i);
      assertArrayEquals(new float[b.length], b, 1e-4f);
    }
  }

  @Test
  void teacherGradients_adapterThatIsItsTeacher_areZero() {
    LoraWeights adapter = random(6);
    Gradients gradients =
        reference.teacherGradients(
            adapter, adapter, List.of(new WeightedSequence(tokens(24, 1), 1)), Computation.plain());
    assertEquals(0, gradients.loss(), 1e-4);
    for (float[] factor : gradients.factors()) {
      assertArrayEquals(new float[factor.length], factor, 1e-4f);
    }
  }

  /** KL(base ‖ adapted) by its definition, from the logits of both. */
  private static double drift(LoraWeights adapter, List<WeightedSequence> batch) {
    double drift = 0;
    for (WeightedSequence row : batch) {
      int[][] one = {row.tokens()};
      float[] adapted = reference.logits(adapter, one);
      float[] base = reference.logits(zeroed(adapter), one);
      int vocab = adapted.length / row.tokens().length;
      for (int t = 0; t < row.tokens().length - 1; t++) {
        double[] p = logSoftmax(base, t * vocab, vocab);
        double[] q = logSoftmax(adapted, t * vocab, vocab);
        for (int v = 0; v < vocab; v++) {
          drift += row.weight() * Math.exp(p[v]) * (p[v] - q[v]);
        }
      }
    }
    return drift;
  }

  private static LoraWeights zeroed(LoraWeights adapter) {
    return new LoraWeights(
        adapter.config(),
        adapter.pairs().stream()
            .map(p -> new LoraPair(p.site(), p.a(), new float[p.b().length]))
            .toList());
  }

  private static double[] logSoftmax(float[] logits, int from, int n) {
    double sum = 0;
    for (int i = from; i < from + n; i++) {
      sum += Math.exp(logits[i]);
    }
    double[] log = new double[n];
    for (int i = 0; i < n; i++) {
      log[i] = logits[from + i] - Math.log(sum);
    }
    return log;
  }

  /** Compares where the loss is smooth: a step that changes the routing has no derivative. */
  private static void check(
      ToDoubleFunction<LoraWeights> loss, LoraWeights adapter, Gradients gradients) {
    SplittableRandom random = new SplittableRandom(3);
    for (int site = 0; site < adapter.pairs().size(); site++) {
      check(loss, adapter, site, true, random.nextInt(20), gradients);
      check(loss, adapter, site, false, random.nextInt(20), gradients);
    }
  }

  private static void check(
      ToDoubleFunction<LoraWeights> loss,
      LoraWeights adapter,
      int site,
      boolean a,
      int first,
      Gradients gradients) {
    float[] g = gradients.factors().get(2 * site + (a ? 0 : 1));
    for (int i = first; i < first + 20; i++) {
      int index = i % g.length;
      double wide = difference(loss, adapter, site, a, index, 4e-3);
      double narrow = difference(loss, adapter, site, a, index, 2e-3);
      double tolerance = 0.02 + 0.03 * Math.abs(wide);
      if (Math.abs(wide - narrow) < tolerance) {
        assertEquals(wide, g[index], 2 * tolerance, "site " + site);
        return;
      }
    }
    throw new AssertionError("no smooth entry at site " + site);
  }

  private static double difference(
      ToDoubleFunction<LoraWeights> loss,
      LoraWeights adapter,
      int site,
      boolean a,
      int index,
      double step) {
    return (loss.applyAsDouble(moved(adapter, site, a, index, step))
            - loss.applyAsDouble(moved(adapter, site, a, index, -step)))
        / (2 * step);
  }

  private static double loss(LoraWeights adapter, List<WeightedSequence> batch) {
    return loss(reference, adapter, batch);
  }

  private static double loss(BaseModel model, LoraWeights adapter, List<WeightedSequence> batch) {
    double loss = 0;
    for (WeightedSequence row : batch) {
      TokenScores scores = model.scoreAsTrained(adapter, List.of(row.tokens())).get(0);
      loss -= row.weight() * scores.logProb();
    }
    return loss;
  }

  private static LoraWeights moved(LoraWeights adapter, int site, boolean a, int index, double by) {
    List<LoraPair> pairs = new ArrayList<>(adapter.pairs());
    LoraPair pair = pairs.get(site);
    float[] factorA = pair.a().clone();
    float[] factorB = pair.b().clone();
    (a ? factorA : factorB)[index] += (float) by;
    pairs.set(site, new LoraPair(pair.site(), factorA, factorB));
    return new LoraWeights(adapter.config(), pairs);
  }

  @Test
  void gradients_neighboursOfOneLength_areOneCallOfAttention(@TempDir Path folder)
      throws IOException {
    List<WeightedSequence> batch =
        Stream.of(30, 20, 20, 20)
            .map(length -> new WeightedSequence(tokens(length, length), 1))
            .toList();
    Path trace = folder.resolve("trace.json");
    JniUtils.startProfile(false, false, false);
    reference.gradients(random(6), batch, Computation.plain());
    JniUtils.stopProfile(trace.toString());
    Pattern call = Pattern.compile("\"name\": \"aten::scaled_dot_product_attention\"");
    assertEquals(
        2L * reference.config().numHiddenLayers(),
        call.matcher(Files.readString(trace)).results().count());
  }

  @Test
  void gradients_underForcedCollections_areTheSame() throws InterruptedException {
    LoraWeights adapter = random(6);
    List<WeightedSequence> batch = List.of(new WeightedSequence(tokens(64, 1), 1));
    Gradients first = int8.gradients(adapter, batch, Computation.plain());
    Thread collector =
        new Thread(
            () -> {
              while (!Thread.currentThread().isInterrupted()) {
                System.gc();
              }
            });
    collector.start();
    try {
      for (int i = 0; i < 20; i++) {
        Gradients again = int8.gradients(adapter, batch, Computation.plain());
        for (int f = 0; f < first.factors().size(); f++) {
          assertArrayEquals(first.factors().get(f), again.factors().get(f));
        }
      }
    } finally {
      collector.interrupt();
      collector.join();
    }
  }

  @Test
  void open_twice_sharesOneCopy() throws IOException {
    DjlModel again = DjlModels.openModel(GOLDEN, Precision.INT8);
    assertSame(int8.trains(), again.trains());
    again.close();
    assertEquals(
        39,
        int8.score(List.of(new Sequence(tokens(40, 1), int8.noAdapter())))
            .get(0)
            .logProbs()
            .length);
  }

  /** A process that has learned, and only answers since, does not keep it. */
  @Test
  void close_lastThatTrained_freesWhatTrainsAndOthersGoOn(@TempDir Path folder) throws IOException {
    String json =
        "{'model_type':'olmoe','vocab_size':320,'hidden_size':32,'num_hidden_layers':1,"
            + "'num_attention_heads':2,'num_experts':4,'num_experts_per_tok':2,"
            + "'intermediate_size':32,'max_position_embeddings':32}";
    RandomCheckpoint.write(folder, json, DType.BF16, 7);
    List<WeightedSequence> batch = List.of(new WeightedSequence(tokens(24, 1), 1));
    try (DjlModel serves = DjlModels.openModel(folder, Precision.INT8)) {
      LoraWeights adapter = RandomAdapters.everywhere(serves.sites(), 4, 6);
      DjlModel one = DjlModels.openModel(folder, Precision.INT8);
      DjlModel other = DjlModels.openModel(folder, Precision.INT8);
      Gradients first = one.under(Routing.topK(2)).gradients(adapter, batch, Computation.plain());
      Program program = other.trains();
      other.close();
      program.scope().close();
      one.close();
      assertThrows(IllegalStateException.class, program::scope);
      assertEquals(
          1, serves.score(List.of(new Sequence(tokens(24, 1), serves.noAdapter()))).size());
      try (DjlModel again = DjlModels.openModel(folder, Precision.INT8)) {
        AdapterTrainingTest.same(first, again.gradients(adapter, batch, Computation.plain()));
      }
    }
  }

  @Test
  void trains_largeVocabulary_isNotOnTheHeapAsAWhole(@TempDir Path folder) throws IOException {
    String json =
        "{'model_type':'olmoe','vocab_size':65536,'hidden_size':64,'num_hidden_layers':1,"
            + "'num_attention_heads':2,'num_experts':2,'num_experts_per_tok':1,"
            + "'intermediate_size':32,'max_position_embeddings':32}";
    RandomCheckpoint.write(folder, json, DType.BF16, 5);
    try (DjlModel model = DjlModels.openAlone(folder, Precision.INT8, LoadProgress.SILENT)) {
      ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
      long before = threads.getThreadAllocatedBytes(Thread.currentThread().getId());
      model.trains();
      long bytes = threads.getThreadAllocatedBytes(Thread.currentThread().getId()) - before;
      assertTrue(bytes < 65536 * 64 * Float.BYTES, () -> bytes + " bytes");
    }
  }

  @Test
  void trains_withTheIntegersThatServe_holdsTheEmbeddingInBf16(@TempDir Path folder)
      throws IOException {
    String json =
        "{'model_type':'olmoe','vocab_size':320,'hidden_size':64,'num_hidden_layers':1,"
            + "'num_attention_heads':2,'num_experts':2,'num_experts_per_tok':1,"
            + "'intermediate_size':32,'max_position_embeddings':32}";
    RandomCheckpoint.write(folder, json, DType.BF16, 5);
    assertEquals(1, putAndRead(folder, Precision.INT8, 1.001f));
    assertEquals(1.001f, putAndRead(folder, Precision.FLOAT32, 1.001f));
  }

  /** A number in the embedding of what trains, which is what its type can hold. */
  private static float putAndRead(Path folder, Precision precision, float number)
      throws IOException {
    try (DjlModel model = DjlModels.openAlone(folder, precision, LoadProgress.SILENT)) {
      Program program = model.trains();
      float[] row = new float[64];
      Arrays.fill(row, number);
      try (PtNDManager scope = program.scope()) {
        IValue rows = IValue.from(Program.array(scope, new Values(row, 1, 64)));
        program.infer(scope, "embedding_rows", rows, IValue.from(7));
        IValue ids = IValue.from((PtNDArray) scope.create(new long[] {7}));
        return program.infer(scope, "embedded_alone", ids)[0].toFloatArray()[0];
      }
    }
  }

  @Test
  void score_moreTokensThanPositions_saysBoth() {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> int8.score(List.of(new Sequence(new int[200], int8.noAdapter()))));
    assertTrue(e.getMessage().contains("200") && e.getMessage().contains("128"), e.getMessage());
  }

  private static int[] tokens(int n, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    return random.ints(n, 0, 320).toArray();
  }
}
