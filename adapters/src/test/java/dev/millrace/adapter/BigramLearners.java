package dev.millrace.adapter;

import static dev.millrace.adapter.Configs.with;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.adapter.bigram.BigramBase;
import dev.millrace.adapter.bigram.Bigrams;
import dev.millrace.adapter.bigram.Letters;
import dev.millrace.adapter.bigram.Stream;
import dev.millrace.adapter.gate.HeldOut;
import dev.millrace.adapter.gate.ProtectedSet;
import dev.millrace.adapter.gate.Protection;
import dev.millrace.adapter.publish.Draft;
import dev.millrace.adapter.publish.ReleaseStore;
import dev.millrace.adapter.publish.StoreFiles;
import dev.millrace.adapter.quantize.Quantizer;
import dev.millrace.adapter.train.Governor;
import dev.millrace.adapter.train.Machine;
import dev.millrace.model.distil.Exam;
import dev.millrace.model.kinds.AdapterCodec;
import dev.millrace.model.release.LearnedSample;
import dev.millrace.model.release.Manifest;
import dev.millrace.model.release.Release;
import dev.millrace.model.release.ReleaseReader;
import dev.millrace.model.release.Routing;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.RuleResult;
import dev.millrace.schema.ScoredSample;
import dev.millrace.schema.TrainingBatch;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;

/** Learners on a model of bigrams, and what they are taught, told and asked. */
abstract class BigramLearners {

  static final LearnerConfig CONFIG =
      with(Configs.LEARNER, "watch", new WatchConfig(16, 32, 16, 0.01, 0.99, 1000, 0));

  static final Origin EVENT = new Origin("releases", 0, 41);

  /** The place of a sample of batch 1 that has expired since. */
  static final Origin EXPIRED = batch(1).samples().get(7).sample().origin();

  @TempDir Path folder;

  final BigramBase base = new BigramBase(Bigrams.known());

  @AfterEach
  void everyAdapterIsClosed() {
    assertEquals(0, base.loaded());
  }

  Learner learner(String store) {
    return learner(store, CONFIG);
  }

  Learner learner(String store, LearnerConfig config) {
    return learner(store, config, base);
  }

  Learner learner(String store, LearnerConfig config, BigramBase base) {
    return Learner.of(surroundings(store, base), config);
  }

  Surroundings surroundings(String store, BigramBase base) {
    return surroundings(store, base, BigramLearners::past);
  }

  Surroundings surroundings(String store, BigramBase base, PastSamples past) {
    return new Surroundings(
        base,
        new Letters(),
        Bigrams.known().texts(400, 21),
        new Protection(
            List.of(new ProtectedSet("known", Bigrams.known().texts(60, 22))), List.of()),
        ReleaseStore.of(StoreFiles.in(folder.resolve(store))),
        BigramLearners::read,
        past,
        SharedReleases.none(),
        Machine.here(1, "bigram"),
        InstantSource.system(),
        Map.of());
  }

  /** All that was ever taught, but for what has expired. */
  static Map<Origin, int[]> past(Map<Origin, String> samples) {
    Map<Origin, int[]> found = new HashMap<>();
    for (int i = 0; i < 5; i++) {
      batch(i).samples().forEach(s -> found.put(s.sample().origin(), s.tokens()));
      batch(i).heldOut().forEach(s -> found.put(s.sample().origin(), s.tokens()));
    }
    found.keySet().retainAll(samples.keySet());
    found.remove(EXPIRED);
    return found;
  }

  static TrainingBatch batch(int number) {
    return Stream.batch(Bigrams.foreign(), number);
  }

  /** The same samples, from elsewhere on their topic. */
  static TrainingBatch moved(TrainingBatch batch, long number, long offsets) {
    List<ScoredSample> samples =
        batch.samples().stream()
            .map(
                scored -> {
                  Origin origin = scored.sample().origin();
                  Origin there =
                      new Origin(origin.topic(), origin.partition(), origin.offset() + offsets);
                  return with(scored, "sample", scored.sample().withOrigin(there));
                })
            .toList();
    return new TrainingBatch(batch.tenant(), batch.domain(), number, samples, batch.heldOut());
  }

  static LearnerState initial(Learner learner) {
    return learner.initial(null, "foreign");
  }

  /** Through bytes, as state goes. */
  static List<Outcome> outcomes(Learner learner, int batches) {
    List<Outcome> outcomes = new ArrayList<>();
    byte[] state = initial(learner).toBytes();
    for (int i = 0; i < batches; i++) {
      outcomes.add(learn(learner, LearnerState.fromBytes(state), batch(i)));
      state = outcomes.get(i).state().toBytes();
    }
    return outcomes;
  }

  static Outcome learn(Learner learner, LearnerState state, TrainingBatch batch) {
    return learner.learn(state, batch, Governor.none());
  }

  static Outcome obey(Learner learner, LearnerState state, ReleaseEvent event) {
    return learner.obey(state, event, Governor.none());
  }

  /** Obeys until nothing is left to be learned again; through bytes, as state goes. */
  static List<Outcome> obeyed(Learner learner, LearnerState state, ReleaseEvent event) {
    List<Outcome> outcomes = new ArrayList<>();
    LearnerState now = state;
    do {
      outcomes.add(obey(learner, now, event));
      now = LearnerState.fromBytes(outcomes.get(outcomes.size() - 1).state().toBytes());
    } while (now.learnsAgain());
    return outcomes;
  }

  static ReleaseEvent event(ReleaseEvent published, Action action) {
    assertNotNull(published);
    return published.ordering(action, "test").at(EVENT);
  }

  /** No candidate gains so much. */
  static LearnerConfig neverBetter() {
    return with(CONFIG, "gate", with(CONFIG.gate(), "minGain", 0.9));
  }

  Release read(ReleaseEvent event) throws IOException {
    assertNotNull(event);
    return ReleaseReader.read(
        BigramLearners::read, event.uri(), event.release(), base.id(), base.sites());
  }

  static byte[] read(String uri, int maxBytes) throws IOException {
    return Files.readAllBytes(Path.of(URI.create(uri)));
  }

  /** A release on another base that says the same, stored beside it. */
  Manifest brought(ReleaseEvent event, BigramBase to) throws IOException {
    Rebaser rebaser =
        new Rebaser(base, to, new Rebaser.Recipe(4, 1e-4, 1), Machine.here(1, "bigram"));
    Exam exam =
        new Exam(
            Bigrams.foreign().texts(4, 31).stream()
                .map(text -> new Exam.Text("foreign", text, text.length))
                .toList());
    Draft draft =
        rebaser
            .rebase(
                read(event),
                Bigrams.foreign().texts(20, 32),
                exam,
                exam,
                new Rebaser.Bounds(0.01, 0.01))
            .draft();
    String unused = ReleaseStore.of(StoreFiles.in(folder.resolve("store"))).publish(draft);
    return draft.manifest();
  }

  /** The same as none of its base is routed, stored beside it. */
  Manifest routedOtherwise(Manifest m) throws IOException {
    return beside(m, with(m, "routing", Routing.topK(m.routing().topK() + 1)));
  }

  /** Another release of the same files. */
  Manifest beside(Manifest m, Manifest other) throws IOException {
    Path store = folder.resolve("store");
    Path copy = Files.createDirectory(store.resolve(other.id()));
    for (String file : m.files().keySet()) {
      Files.copy(store.resolve(m.id()).resolve(file), copy.resolve(file));
    }
    Files.write(copy.resolve(Manifest.FILE), other.toBytes());
    return other;
  }

  static byte[] weights(LearnerState state) {
    return AdapterCodec.encode(Quantizer.quantize(state.adapter().weights()));
  }

  static byte[] weights(Outcome outcome) throws IOException {
    return Files.readAllBytes(
        Path.of(URI.create(outcome.release().uri())).resolve("adapter_model.safetensors"));
  }

  static RuleResult rule(Outcome outcome, String name) {
    return outcome.verdict().rules().stream()
        .filter(rule -> rule.rule().equals(name))
        .findFirst()
        .orElseThrow();
  }

  static List<String> ids(LearnerState state) {
    return state.heldOut().entries().stream().map(HeldOut::id).toList();
  }

  static Set<String> fresh(Manifest manifest) {
    Set<String> fresh = new HashSet<>();
    manifest.learned().stream().filter(s -> !s.replay()).forEach(s -> fresh.add(s.sample()));
    return fresh;
  }

  static void assertLearned(Manifest manifest, TrainingBatch batch) {
    List<String> learned = manifest.learned().stream().map(LearnedSample::sample).toList();
    batch.samples().forEach(s -> assertTrue(learned.contains(s.sample().id()), s.sample()::id));
  }
}
