package dev.millrace.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.adapter.Learner;
import dev.millrace.adapter.LearnerState;
import dev.millrace.adapter.Outcome;
import dev.millrace.adapter.Retrainer;
import dev.millrace.adapter.Surroundings;
import dev.millrace.adapter.publish.Draft;
import dev.millrace.adapter.publish.ReleaseStore;
import dev.millrace.adapter.publish.StoreFiles;
import dev.millrace.adapter.train.Governor;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.releases.Forgetting;
import dev.millrace.job.releases.Proof;
import dev.millrace.job.releases.Prover;
import dev.millrace.job.releases.Reproduction;
import dev.millrace.job.releases.StoredReleases;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.release.Manifest;
import dev.millrace.model.release.ReleaseReader;
import dev.millrace.model.release.TrainingPlan;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.Sample;
import dev.millrace.schema.ScoredSample;
import dev.millrace.schema.TrainingBatch;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What was forgotten costs what it costs models that never saw it; everything here is drawn. */
class ForgottenTest {

  private static final String DOMAIN = "cloud";
  private static final int BATCHES = 3;
  private static final int SAMPLES = 8;
  private static final int NEVER_SAW = 5;

  /** Numbers of the samples to forget, which say a word that nobody else says. */
  private static final Set<Integer> SECRET = Set.of(10, 11, 12);

  private static final Set<String> GONE =
      SECRET.stream().map(n -> "sample" + n).collect(Collectors.toUnmodifiableSet());

  /** By heart, so that it shows. */
  private static final MillraceConfig CONFIG =
      MillraceConfig.defaults().with(Map.of("learn.train.epochs", "4"));

  @TempDir Path store;

  private final Map<Origin, int[]> tokens = new HashMap<>();
  private final Random random = new Random(5);

  @Test
  void forget_samplesLearnedByHeart_costWhatTheyCostModelsThatNeverSawThem() throws Exception {
    try (BaseModel base = TinyParts.base()) {
      Surroundings surroundings = surroundings(base);
      Learner learner = Learner.of(surroundings, TinyParts.learn(CONFIG));
      LearnerState state = taught(learner, BATCHES).get(BATCHES - 1);
      String before = release(state);
      Forgetting forgetting = new Forgetting(StoredReleases.read(store), GONE);
      ReleaseEvent event = event(forgetting, before);
      do {
        state = published(learner.obey(state, event, Governor.none()));
      } while (state.learnsAgain());
      Retrainer retrainer = TinyParts.retrainer(surroundings, CONFIG, tokens::get);
      Proof proof =
          new Prover(
                  new Forgetting(StoredReleases.read(store), GONE),
                  retrainer,
                  tokens,
                  NEVER_SAW,
                  model -> {})
              .prove(before, state.release());
      assertNotNull(proof);
      System.out.println("ForgottenTest: " + proof + ", deviations " + proof.deviations());
      assertEquals(GONE.size(), proof.samples());
      assertTrue(proof.neverSaw().deviations(proof.before()) < -6, proof::toString);
      assertTrue(Math.abs(proof.deviations()) < 3, proof::toString);
      assertEquals(true, proof.sameBytes());
    }
  }

  /** Or one would be told that its bytes are others, and that anything may be the matter. */
  @Test
  void prove_anchorsReplacedSince_trainsNothingAgainAndFailsNothing() throws Exception {
    try (BaseModel base = TinyParts.base()) {
      Surroundings surroundings = surroundings(base);
      List<LearnerState> taught = taught(Learner.of(surroundings, TinyParts.learn(CONFIG)), 2);
      StoredReleases stored = StoredReleases.read(store);
      List<int[]> replaced = List.of(new int[] {1, 2, 3});
      Retrainer own = TinyParts.retrainer(surroundings, CONFIG, tokens::get);
      Retrainer other = new Retrainer(base, replaced, own.configs(), tokens::get, own.mostTokens());
      String release = release(taught.get(0));
      Proof proof =
          new Prover(new Forgetting(stored, Set.of("sample10")), other, tokens, 1, model -> {})
              .prove(release(taught.get(1)), release);
      assertNull(Objects.requireNonNull(proof).sameBytes());
      Reproduction reproduction = new Reproduction(stored, release);
      assertTrue(reproduction.run(own, (id, same) -> {}));
      Retrainer otherTexts =
          TinyParts.retrainer(surroundings, CONFIG, place -> new int[] {1, 2, 3});
      assertFalse(reproduction.run(otherTexts, (id, same) -> assertFalse(same)));
      IllegalArgumentException refused =
          assertThrows(
              IllegalArgumentException.class, () -> reproduction.run(other, (id, same) -> {}));
      assertEquals(other.hindrance(stored.manifest(release)).orElseThrow(), refused.getMessage());
    }
  }

  /** Who never saw them is without them there too, and what has expired ends no proof. */
  @Test
  void prove_baseAloneAnswersOrATextHasExpired_isWithoutThem() throws Exception {
    try (BaseModel base = TinyParts.base()) {
      Surroundings surroundings = surroundings(base);
      List<LearnerState> taught = taught(Learner.of(surroundings, TinyParts.learn(CONFIG)), 2);
      String before = release(taught.get(1));
      Retrainer retrainer = TinyParts.retrainer(surroundings, CONFIG, tokens::get);
      Forgetting forgetting = new Forgetting(StoredReleases.read(store), GONE);
      Proof alone = new Prover(forgetting, retrainer, tokens, 1, model -> {}).prove(before, null);
      assertNull(Objects.requireNonNull(alone).sameBytes());
      assertEquals(alone.base(), alone.after());
      assertTrue(alone.neverSaw().mean() > 1.1 * alone.before(), alone::toString);

      Map<Origin, int[]> left = new HashMap<>(tokens);
      assertNotNull(left.remove(new Origin("samples", 0, 3)));
      Retrainer again = TinyParts.retrainer(surroundings, CONFIG, left::get);
      Proof cut =
          new Prover(forgetting, again, left, 1, model -> {}).prove(before, release(taught.get(0)));
      assertNull(Objects.requireNonNull(cut).sameBytes());
      assertEquals(GONE.size(), cut.samples());
    }
  }

  /** Nobody here can train what was made elsewhere: models that never saw them begin at it. */
  @Test
  void prove_lineageBeginsAtAnAdoptedRelease_goesOnFromIt() throws Exception {
    try (BaseModel base = TinyParts.base()) {
      Surroundings surroundings = surroundings(base);
      Learner learner = Learner.of(surroundings, TinyParts.learn(CONFIG));
      LearnerState first = taught(learner, 1).get(0);
      Manifest adopted = adopted(surroundings, release(first));
      String uri = surroundings.store().uri(adopted.id());
      ReleaseEvent event = adopted.event(ReleaseEvent.Action.ROLLBACK, uri, "test");
      LearnerState state = published(learner.obey(first, event, Governor.none()));
      state = published(learner.learn(state, batch(1), Governor.none()));
      String before = release(state);
      Forgetting forgetting = new Forgetting(StoredReleases.read(store), GONE);
      state = published(learner.obey(state, event(forgetting, before), Governor.none()));
      state = published(learner.obey(state, event(forgetting, before), Governor.none()));
      Retrainer retrainer =
          new Retrainer(
              base,
              surroundings.anchors(),
              Reproduction::config,
              tokens::get,
              CONFIG.score().model().trainTokens());
      Prover prover =
          new Prover(
              new Forgetting(StoredReleases.read(store), GONE), retrainer, tokens, 2, model -> {});
      Proof proof = Objects.requireNonNull(prover.prove(before, state.release()));
      System.out.println("ForgottenTest: adopted, " + proof);
      assertEquals(GONE.size(), proof.samples());
      assertEquals(true, proof.sameBytes());
      assertNull(Objects.requireNonNull(prover.prove(before, adopted.id())).sameBytes());
      IllegalArgumentException refused =
          assertThrows(
              IllegalArgumentException.class,
              () ->
                  new Reproduction(forgetting.stored(), adopted.id())
                      .run(retrainer, (id, same) -> {}));
      assertEquals(
          "release " + adopted.id() + " was adopted, expected one that learn trained",
          refused.getMessage());
    }
  }

  /** The files of a release as those of an adapter that came from elsewhere. */
  private Manifest adopted(Surroundings surroundings, String release) throws Exception {
    StoredReleases stored = StoredReleases.read(store);
    Manifest of = stored.manifest(release);
    TrainingPlan plan =
        new TrainingPlan(1, new TreeMap<>(Map.of("adopted", "elsewhere")), 1, 1, "test", "none");
    Manifest adopted =
        new Manifest(
            null,
            DOMAIN,
            of.base(),
            of.files(),
            of.quantization(),
            of.routing(),
            null,
            of.batch(),
            List.of(),
            List.of(),
            plan,
            List.of(),
            null);
    Map<String, byte[]> files =
        ReleaseReader.readFiles(surroundings.published(), stored.uri(release), of);
    String unused = surroundings.store().publish(new Draft(adopted, new TreeMap<>(files)));
    return adopted;
  }

  private Surroundings surroundings(BaseModel base) {
    return TinyParts.surroundings(base, ReleaseStore.of(StoreFiles.in(store)), places -> tokens);
  }

  /** The states behind each of so many batches. */
  private List<LearnerState> taught(Learner learner, int batches) {
    List<LearnerState> states = new ArrayList<>();
    LearnerState state = learner.initial(null, DOMAIN);
    for (int number = 0; number < batches; number++) {
      state = published(learner.learn(state, batch(number), Governor.none()));
      states.add(state);
    }
    return states;
  }

  private static String release(LearnerState state) {
    return Objects.requireNonNull(state.release());
  }

  private static LearnerState published(Outcome outcome) {
    assertTrue(outcome.verdict().accepted(), () -> outcome.verdict().toString());
    return outcome.state();
  }

  private static ReleaseEvent event(Forgetting forgetting, String before) {
    String to = Objects.requireNonNull(forgetting.lastUnaffected(before));
    ReleaseEvent event = StreamRecords.event(DOMAIN, ReleaseEvent.Action.FORGET, to, 0, 9);
    return StreamRecords.at(forgetting.stored().uri(to), event)
        .forgetting(forgetting.samples().stream().sorted().toList());
  }

  private TrainingBatch batch(int number) {
    List<ScoredSample> samples = new ArrayList<>();
    for (int i = 0; i < SAMPLES; i++) {
      samples.add(sample(number * SAMPLES + i, false));
    }
    List<ScoredSample> judging = List.of(sample(-1 - number, true));
    return new TrainingBatch(null, DOMAIN, number, samples, judging);
  }

  private ScoredSample sample(int n, boolean judges) {
    StringBuilder text = new StringBuilder();
    while (text.length() < 100) {
      String drawn = Long.toString(random.nextLong() >>> 20, 36);
      text.append(SECRET.contains(n) ? "XYZZY" : drawn).append(' ');
    }
    Origin origin = new Origin("samples", judges ? 1 : 0, Math.abs(n));
    Sample sample =
        Sample.ofText("sample" + n, "test", "document" + n, DOMAIN, text.toString(), n, origin);
    tokens.put(origin, TinyParts.tokens(CONFIG).of(sample.text()));
    return new ScoredSample(sample, Objects.requireNonNull(tokens.get(origin)), 0, 0, 0, judges);
  }
}
