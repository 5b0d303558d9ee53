package dev.millrace.adapter.align;

import dev.millrace.adapter.publish.Draft;
import dev.millrace.model.align.AlignAdapter;
import dev.millrace.model.align.Places;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.ScoredSample;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Learns of no encoders and can read no release of theirs: it takes a domain back to the encoders
 * alone, which is also how it forgets, and refuses what names another release.
 */
record NoAlignment(String why) implements AlignmentLearner {

  private static final AlignmentState NOTHING = AlignmentState.empty(Space.NONE, 0, 0);

  @Override
  public AlignmentState initial() {
    return NOTHING;
  }

  @Override
  public AlignmentState restored(AlignmentState state) {
    return state;
  }

  @Override
  public AlignmentOutcome take(AlignmentState state, ScoredSample sample, Places places) {
    return AlignmentOutcome.of(state);
  }

  @Override
  public AlignmentState gather(AlignmentState state, ScoredSample sample, Places places) {
    return state;
  }

  @Override
  public String publish(Draft draft) {
    throw new UncheckedIOException(
        new IOException("release " + draft.manifest().id() + " could not be published: " + why));
  }

  @Override
  public Function<AlignmentState, AlignmentOutcome> obey(
      @Nullable String release, @Nullable String written, ReleaseEvent event) {
    return event.action() != Action.FORGET && !event.release().isEmpty()
        ? state -> AlignmentOutcome.refused(state, event, why)
        : state -> obeyed(state, event);
  }

  private static AlignmentOutcome obeyed(AlignmentState state, ReleaseEvent event) {
    AlignmentState back =
        state.taken(
            AlignAdapter.NONE,
            null,
            List.of(),
            event.origin(),
            event.pins(),
            state.forgottenBeside(event.forgotten()),
            pair -> !event.forgotten().isEmpty());
    return new AlignmentOutcome(back, PairLearner.obeyed(back, state, event, ""));
  }
}
