package dev.millrace.adapter;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.adapter.batch.Draws;
import dev.millrace.adapter.batch.Remembered;
import dev.millrace.adapter.bigram.Letters;
import dev.millrace.adapter.bigram.Stream;
import dev.millrace.adapter.exchange.ExchangeConfig;
import dev.millrace.adapter.gate.LessonConfig;
import dev.millrace.adapter.gate.ProtectedSet;
import dev.millrace.adapter.gate.Protection;
import dev.millrace.adapter.publish.ReleaseStore;
import dev.millrace.adapter.publish.StoreFiles;
import dev.millrace.adapter.train.AdapterState;
import dev.millrace.adapter.train.Governor;
import dev.millrace.adapter.train.Lesson;
import dev.millrace.adapter.train.Machine;
import dev.millrace.adapter.train.Plan;
import dev.millrace.adapter.train.TrainConfig;
import dev.millrace.adapter.train.TrainPrecision;
import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.adapter.NamePatterns;
import dev.millrace.model.adapter.Site;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.Recompute;
import dev.millrace.model.base.ShareCalibration;
import dev.millrace.model.djl.DjlModels;
import dev.millrace.model.djl.Precision;
import dev.millrace.model.release.Release;
import dev.millrace.model.release.ReleaseReader;
import dev.millrace.model.release.Routing;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ScoredSample;
import dev.millrace.schema.TrainingBatch;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The learner on a real Mixture-of-Experts model of random weights, as int8 and as generated. */
class LearnerIT {
  private static final Path CHECKPOINT =
      Path.of(System.getProperty("millrace.root"))
          .resolve("model-runtime/src/test/resources/golden/olmoe-tiny");

  private static final double SHARE = 1.5 / 16;
  private static final RoutingConfig ENTROPY =
      new RoutingConfig(RoutingConfig.Policy.ENTROPY, SHARE, 0.02);

  private static BaseModel base;

  @TempDir Path folder;

  @BeforeAll
  static void open() throws IOException {
    base = DjlModels.open(CHECKPOINT, Precision.INT8);
  }

  @AfterAll
  static void close() {
    base.close();
  }

  @Test
  void learn_realModel_isBetterAsServedAndTheSameBytesAgain() throws IOException {
    List<Outcome> once = outcomes("once");
    List<Outcome> twice = outcomes("twice");
    for (int i = 0; i < once.size(); i++) {
      Outcome outcome = once.get(i);
      assertTrue(outcome.verdict().accepted(), () -> outcome.verdict().toString());
      assertArrayEquals(outcome.state().toBytes(), twice.get(i).state().toBytes());
      assertEquals(outcome.verdict().release(), twice.get(i).verdict().release());
      assertEquals(outcome.state().learnedTo(), read(outcome.release()).manifest().learnedTo());
    }
  }

  @ParameterizedTest
  @CsvSource({"lora, true, 16", "injection, false, 4"})
  void learn_anyKind_isReleasedAndTheSameBytesAgain(
      String kind, boolean routedExperts, double alpha) throws IOException {
    LearnerConfig config = of(kind, routedExperts, alpha, config(RoutingConfig.defaults(), 0.001));
    Outcome once = outcomes("once", config, 1).get(0);
    assertTrue(once.verdict().accepted(), () -> once.verdict().toString());
    AdapterWeights adapter = read(once.release()).adapter();
    assertEquals(kind, adapter.kind().name());
    assertEquals(
        routedExperts,
        adapter.deltas().stream().anyMatch(d -> d.site().place() == Site.Place.EXPERTS));
    Outcome twice = outcomes("twice", config, 1).get(0);
    assertArrayEquals(once.state().toBytes(), twice.state().toBytes());
    assertEquals(once.verdict().release(), twice.verdict().release());
  }

  private static LearnerConfig of(
      String kind, boolean routedExperts, double alpha, LearnerConfig like) {
    return Configs.with(like, "adapter", kind, "alpha", alpha, "routedExperts", routedExperts);
  }

  @Test
  void learn_expertsByEntropy_releasesHoldTheShareAndAreTheSameBytesAgain() throws IOException {
    List<Outcome> once = outcomes("once", ENTROPY);
    List<Outcome> twice = outcomes("twice", ENTROPY);
    for (int i = 0; i < once.size(); i++) {
      Outcome outcome = once.get(i);
      assertTrue(outcome.verdict().accepted(), () -> outcome.verdict().toString());
      assertArrayEquals(outcome.state().toBytes(), twice.get(i).state().toBytes());
      Routing routing = read(outcome.release()).manifest().routing();
      assertEquals(SHARE, routing.share());
      assertEquals(routing, outcome.state().routing());
    }
  }

  @Test
  void learn_refusedWhileTheShareHasLeftItsBounds_publishesTheSameAdapterUnderNewLimits()
      throws IOException {
    Outcome first = outcomes("one", ENTROPY).get(0);
    Learner strict = Learner.of(surroundings("one"), config(ENTROPY, 0.9));
    Outcome second = strict.learn(first.state(), batch(1, 120), Governor.none());

    Release before = read(first.release());
    Release after = read(second.release());
    assertTrue(
        second.verdict().rules().stream().anyMatch(rule -> rule.rule().equals("rerouted")),
        second.verdict()::toString);
    assertEquals(before.manifest().files(), after.manifest().files());
    assertEquals(List.of(), after.manifest().learned());
    assertEquals(before.manifest().id(), after.manifest().parent());
    assertNotEquals(before.manifest().routing(), after.manifest().routing());
    assertEquals(SHARE, used(before, after.manifest().routing()), 0.02 * SHARE);
    assertNotEquals(SHARE, used(before, before.manifest().routing()), 0.02 * SHARE);
    assertReproduced(before, after);
    assertEquals(
        batch(1, 120).samples().stream().map(sample -> sample.sample().id()).toList(),
        second.state().waiting().stream().map(Remembered::id).toList(),
        "nothing speaks against the lesson");
  }

  /** It is what the manifest says, however near the one before it is. */
  @Test
  void routing_anotherShareIsWanted_isThatOne() {
    LearnerState learned = outcomes("one", ENTROPY).get(0).state();
    double wanted = 1.001 * SHARE;
    ShareKeeper shares =
        new ShareKeeper(base, new RoutingConfig(RoutingConfig.Policy.ENTROPY, wanted, 0.02));
    List<Remembered> fresh = learned.replay().past().entries();
    Lesson lesson = new Lesson(fresh, List.of(), List.of(), 1);
    assertEquals(wanted, shares.routing(learned.routing(), learned.adapter(), lesson).share());
  }

  /** The share that the fresh texts of the batch that was refused use. */
  private static double used(Release release, Routing routing) {
    return ShareCalibration.activeShare(
        base.under(routing),
        release.adapter(),
        batch(1, 120).samples().stream().map(ScoredSample::tokens).toList());
  }

  /** Nothing was trained, and training nothing again leads to the same files. */
  private void assertReproduced(Release parent, Release release) {
    Retrainer retrainer =
        new Retrainer(
            base,
            surroundings("one").anchors(),
            values -> config(ENTROPY, 0.001),
            origin -> batch(0).samples().get((int) origin.offset()).tokens(),
            Integer.MAX_VALUE);
    Retrainer.Again known =
        new Retrainer.Again(
            AdapterState.fresh(parent.adapter()),
            parent.profileOrEmpty(),
            parent.manifest().files());
    assertTrue(retrainer.train(release.manifest(), known, null).equalTo(release.manifest()));
  }

  private List<Outcome> outcomes(String store) {
    return outcomes(store, RoutingConfig.defaults());
  }

  private List<Outcome> outcomes(String store, RoutingConfig routing) {
    return outcomes(store, config(routing, 0.001), 2);
  }

  private List<Outcome> outcomes(String store, LearnerConfig config, int batches) {
    Learner learner = Learner.of(surroundings(store), config);
    List<Outcome> outcomes = new ArrayList<>();
    LearnerState state = learner.initial(null, "foreign");
    for (int number = 0; number < batches; number++) {
      outcomes.add(learner.learn(state, batch(number), Governor.none()));
      state = outcomes.get(number).state();
    }
    return outcomes;
  }

  private Surroundings surroundings(String store) {
    return new Surroundings(
        base,
        new Letters(),
        texts(64, 0, 200, 5),
        new Protection(List.of(new ProtectedSet("low", texts(16, 0, 200, 6))), List.of()),
        ReleaseStore.of(StoreFiles.in(folder.resolve(store))),
        (uri, maxBytes) -> Files.readAllBytes(Path.of(URI.create(uri))),
        PastSamples.none(),
        SharedReleases.none(),
        Machine.here(1, "test"),
        InstantSource.system(),
        Map.of());
  }

  private static LearnerConfig config(RoutingConfig routing, double minGain) {
    return new LearnerConfig(
        17,
        "lora",
        8,
        16,
        false,
        false,
        NamePatterns.none(),
        64,
        64,
        16,
        2,
        TrainConfig.defaults().toBuilder()
            .settleSteps(1_000_000)
            .epochs(4)
            .rowsPerStep(16)
            .anchorShare(1)
            .anchorWeight(1)
            .build(),
        Configs.with(
            Configs.GATE,
            "minGain",
            minGain,
            "protectedBound",
            0.02,
            "worstProtectedBound",
            0.02,
            "protectedSamples",
            16,
            "lesson",
            LessonConfig.off()),
        new Plan("cpu", TrainPrecision.FP32, Recompute.LAYERS, 2, 64L << 20),
        routing,
        WatchConfig.defaults(),
        ExchangeConfig.defaults());
  }

  /** The domain speaks in twenty tokens of the upper third; what is protected, in the others. */
  private static TrainingBatch batch(int number) {
    return batch(number, 220);
  }

  private static TrainingBatch batch(int number, int from) {
    List<ScoredSample> samples = new ArrayList<>();
    for (int[] tokens : texts(40, from, 20, 100 + number)) {
      int i = samples.size();
      samples.add(Stream.sample(40 * number + i, tokens, i % 5 == 4, i));
    }
    return new TrainingBatch(
        null,
        "foreign",
        number,
        samples.stream().filter(sample -> !sample.heldOut()).toList(),
        samples.stream().filter(ScoredSample::heldOut).toList());
  }

  /** Texts of 20 to 59 tokens, drawn from [from, from + count). */
  private static List<int[]> texts(int n, int from, int count, long seed) {
    List<int[]> texts = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      int[] text = new int[20 + Draws.below(40, seed, i)];
      for (int t = 0; t < text.length; t++) {
        text[t] = from + Draws.below(count, Draws.mix(seed, i), t);
      }
      texts.add(text);
    }
    return texts;
  }

  private static Release read(ReleaseEvent event) throws IOException {
    assertNotNull(event);
    return ReleaseReader.read(
        (uri, maxBytes) -> Files.readAllBytes(Path.of(URI.create(uri))),
        event.uri(),
        event.release(),
        base.id(),
        base.sites());
  }
}
