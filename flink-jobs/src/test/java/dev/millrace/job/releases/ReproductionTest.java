package dev.millrace.job.releases;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.adapter.align.AlignmentLearner;
import dev.millrace.adapter.align.AlignmentOutcome;
import dev.millrace.adapter.align.AlignmentState;
import dev.millrace.job.operator.SwappedPairs;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.ScoredSample;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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
    state = learner.obey(state, rollback(events.get(0))).state();
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
    return new ReleaseEvent(
        to.tenant(),
        to.domain(),
        to.kind(),
        Action.ROLLBACK,
        to.release(),
        to.uri(),
        to.parent(),
        to.batch(),
        "test",
        new Origin("releases", 0, 9));
  }
}
