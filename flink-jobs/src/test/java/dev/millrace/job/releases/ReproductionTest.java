package dev.millrace.job.releases;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.adapter.align.AlignmentLearner;
import dev.millrace.adapter.align.AlignmentOutcome;
import dev.millrace.adapter.align.AlignmentState;
import dev.millrace.adapter.align.PairRetrainer;
import dev.millrace.job.operator.learn.SwappedPairs;
import dev.millrace.model.align.KnownPairs;
import dev.millrace.model.release.Manifest;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.ScoredSample;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReproductionTest {

  @TempDir private Path store;

  private final List<ReleaseEvent> events = new ArrayList<>();

  @Test
  void run_alignment_isTheSameFromTheSamePlacesAlone() throws Exception {
    AlignmentLearner learner = SwappedPairs.learner(store);
    AlignmentState state = learn(learner, learner.initial(), 0, 160);
    String first = events.get(0).release();
    String before = events.get(events.size() - 1).release();
    ReleaseEvent back = rollback(events.get(0));
    state = learner.obey(before, before, back).apply(state).state();
    state = learn(learner, state, 160, 400);
    String after = events.get(events.size() - 1).release();
    StoredReleases stored = StoredReleases.read(store);
    assertEquals(after, state.release());

    Reproduction whole = new Reproduction(stored, before);
    assertEquals(first, whole.lineage().get(0));
    List<String> same = new ArrayList<>();
    assertTrue(
        whole.run(SwappedPairs.retrainer(0), "base", (id, equal) -> same.add(id + " " + equal)));
    assertEquals(whole.lineage().stream().map(id -> id + " true").toList(), same);
    assertFalse(whole.run(SwappedPairs.retrainer(1_000), "base", (id, equal) -> {}));

    Reproduction goneOn = new Reproduction(stored, after);
    assertEquals(first, stored.manifest(goneOn.lineage().get(0)).parent());
    assertTrue(goneOn.run(SwappedPairs.retrainer(0), "base", (id, equal) -> {}));
  }

  @Test
  void run_alignmentBesideOtherKnownPairs_isRefusedButForAnOldManifest() throws Exception {
    AlignmentLearner learner = SwappedPairs.learner(store);
    AlignmentState learned = learn(learner, learner.initial(), 0, 160);
    Reproduction named =
        new Reproduction(StoredReleases.read(store), Objects.requireNonNull(learned.release()));
    PairRetrainer own = SwappedPairs.retrainer(0);
    PairRetrainer others =
        new PairRetrainer(
            new KnownPairs(own.known().encoders(), new TreeMap<>()), own.configs(), own.pairs());
    IllegalArgumentException refused =
        assertThrows(
            IllegalArgumentException.class, () -> named.run(others, "base", (id, equal) -> {}));
    assertEquals(
        others.hindrance(named.stored().manifest(named.lineage().get(0))).orElseThrow(),
        refused.getMessage());
    Reproduction old = ofOldCode(named);
    assertTrue(old.run(others, "base", (id, equal) -> {}), "they weigh nothing here");
    String id = old.release();
    assertEquals(id + " DIFFERS", named.found(id, false, others::unnamed));
    assertEquals(id + " is the same", old.found(id, true, others::unnamed));
    assertEquals(
        id
            + " DIFFERS; its manifest leaves out the pairs that the encoders know: what is here was taken",
        old.found(id, false, others::unnamed));
  }

  /** The same of manifests that name no known pairs. */
  private static Reproduction ofOldCode(Reproduction of) {
    TreeMap<String, Manifest> old = new TreeMap<>(of.stored().byId());
    old.replaceAll(
        (id, manifest) -> {
          String json = new String(manifest.toBytes(), StandardCharsets.UTF_8);
          String without = json.replaceFirst("\"known.sha256\":\"[0-9a-f]{64}\",", "");
          assertNotEquals(json, without);
          return Manifest.parse(without.getBytes(StandardCharsets.UTF_8));
        });
    return new Reproduction(new StoredReleases(of.stored().store(), old), of.release());
  }

  private AlignmentState learn(AlignmentLearner learner, AlignmentState from, int i, int to) {
    AlignmentState state = from;
    for (int k = i; k < to; k++) {
      ScoredSample scored =
          new ScoredSample(
              SwappedPairs.sample(k).withoutMedia(), new int[] {1, 2}, 1, 1, 1, k % 4 == 0);
      AlignmentOutcome outcome = learner.take(state, scored, SwappedPairs.places(k));
      state = outcome.state();
      if (outcome.draft() != null) {
        learner.publish(outcome.draft());
        events.add(outcome.release());
      }
    }
    return state;
  }

  private static ReleaseEvent rollback(ReleaseEvent to) {
    return to.ordering(Action.ROLLBACK, "test").at(new Origin("releases", 0, 9));
  }
}
