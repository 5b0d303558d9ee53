package dev.millrace.adapter;

import dev.millrace.adapter.batch.Progress;
import dev.millrace.adapter.batch.Remembered;
import dev.millrace.adapter.gate.Served;
import dev.millrace.adapter.publish.Draft;
import dev.millrace.adapter.train.Lesson;
import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.assign.KnownTexts;
import dev.millrace.model.assign.Profile;
import dev.millrace.model.release.Routing;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.TrainingBatch;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Turns an accepted attempt into a release, and into what is remembered from then on. */
record Releaser(Surroundings surroundings, LearnerConfig config, KnownTexts knownTexts) {

  Outcome release(Attempt attempt) {
    Trained trained = attempt.trained();
    LearnerState before = trained.task().before();
    Lesson lesson = trained.task().lesson();
    TrainingBatch batch = trained.task().batch();
    List<Origin> learnedTo =
        Progress.after(
            before.learnedTo(), lesson.fresh().stream().map(Remembered::origin).toList());
    Profile profile = before.profile().with(lesson.freshTokens(), knownTexts);
    Draft draft = new Drafter(surroundings, config).draft(attempt, learnedTo, profile);
    String id = draft.manifest().id();
    Predecessor predecessor = predecessorAfter(attempt);
    Routing routing = attempt.served().routing();
    AdapterWeights until = trained.task().incumbent().adapter();
    Place place = new Place(id, "", parent(before), batch.number(), learnedTo, profile, routing);
    ReleaseEvent event =
        place
            .event(batch, Action.PUBLISH, surroundings.store(), "passed the gate")
            .withholding(withheld(trained, predecessor));
    LearnerState after =
        new LearnerState(
            attempt.candidate(),
            before.replay().remember(learned(lesson, batch.number()), lesson.seed()),
            List.of(),
            before.heldOut().with(attempt.judgement().heldOut()),
            id,
            learnedTo,
            before.batches(),
            profile,
            before.orders().named(),
            routing,
            before.predecessor() == null
                ? before.watch().next(place, until, trained.tried())
                : watch(place, predecessor == null ? trained.task().shared() : null),
            before.forgotten(),
            before.base(),
            predecessor);
    return new Outcome(after, attempt.verdict(id), null, event, draft);
  }

  private static List<Remembered> learned(Lesson lesson, long batch) {
    return lesson.fresh().stream().map(sample -> sample.learnedWith(batch)).toList();
  }

  /** What serves still in its place; null if nothing does any more. */
  private static @Nullable Predecessor predecessorAfter(Attempt attempt) {
    boolean succeeds = attempt.judgement().rules().stream().anyMatch(Predecessor::succeeds);
    return succeeds ? null : attempt.trained().task().before().predecessor();
  }

  /**
   * While a predecessor serves, its release is what is to be succeeded. What the shared domain
   * answers with is no release of this one: no parent leaves its tenant to that, whatever it is.
   */
  private static @Nullable String parent(LearnerState before) {
    Predecessor predecessor = before.predecessor();
    if (predecessor == null) {
      return before.release();
    }
    return predecessor.shared() ? null : predecessor.release();
  }

  /**
   * Nobody is taken back to a shadow, but a tenant is to having no release.
   *
   * @param shared what answers it then; null if that is unknown
   */
  static Watch watch(Place place, @Nullable Served shared) {
    return shared == null
        ? Watch.at(place)
        : Watch.at(Place.BASE.under(shared.routing())).next(place, shared.adapter(), false);
  }

  /** While a predecessor serves, a release is its shadow. */
  private double withheld(Trained trained, @Nullable Predecessor predecessor) {
    double onTrial = trained.tried() ? config.watch().withheld() : 0;
    return predecessor == null ? onTrial : 1;
  }
}
