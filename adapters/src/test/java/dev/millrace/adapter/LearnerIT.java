package dev.millrace.adapter;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.adapter.batch.Draws;
import dev.millrace.adapter.bigram.Letters;
import dev.millrace.adapter.bigram.Stream;
import dev.millrace.adapter.gate.GateConfig;
import dev.millrace.adapter.gate.ProtectedSet;
import dev.millrace.adapter.gate.Protection;
import dev.millrace.adapter.publish.ReleaseStore;
import dev.millrace.adapter.publish.StoreFiles;
import dev.millrace.adapter.train.Governor;
import dev.millrace.adapter.train.Machine;
import dev.millrace.adapter.train.Plan;
import dev.millrace.adapter.train.TrainConfig;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.djl.DjlModels;
import dev.millrace.model.djl.Precision;
import dev.millrace.model.release.Release;
import dev.millrace.model.release.ReleaseReader;
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
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The learner on a real Mixture-of-Experts model of random weights, as int8 and as generated. */
class LearnerIT {
  private static final Path CHECKPOINT =
      Path.of(System.getProperty("millrace.root"))
          .resolve("model-runtime/src/test/resources/golden/olmoe-tiny");

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

  private List<Outcome> outcomes(String store) {
    Learner learner = Learner.of(surroundings(store), config());
    List<Outcome> outcomes = new ArrayList<>();
    LearnerState state = learner.initial(null, "foreign");
    for (int number = 0; number < 2; number++) {
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
        Machine.here(1, "test"),
        InstantSource.system());
  }

  private static LearnerConfig config() {
    return new LearnerConfig(
        17,
        8,
        16,
        64,
        64,
        16,
        2,
        new TrainConfig(0.01, 2, 0.1, 1_000_000, 0.9, 0.99, 1e-8, 0.01, 1, 4, 16, 0.25, 1, 1),
        new GateConfig(4, 100, 0.001, 0.95, 1000, 0.02, 0.02, 16, 0.02, 8, 0.5, 8, 2, 10),
        new Plan("cpu", "fp32", 512));
  }

  /** The domain speaks in twenty tokens of the upper third; what is protected, in the others. */
  private static TrainingBatch batch(int number) {
    List<ScoredSample> samples = new ArrayList<>();
    for (int[] tokens : texts(40, 220, 20, 100 + number)) {
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
