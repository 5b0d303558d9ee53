package dev.millrace.adapter.align;

import dev.millrace.adapter.batch.Reservoir;
import dev.millrace.model.align.AlignAdapter;
import dev.millrace.model.align.Places;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ScoredSample;
import java.util.List;

/** Leaves every domain to the encoders that ship. */
record NoAlignment(String why) implements AlignmentLearner {

  private static final AlignmentState NOTHING =
      new AlignmentState(
          Space.NONE,
          AlignAdapter.NONE,
          null,
          0,
          List.of(),
          Reservoir.empty(0),
          Reservoir.empty(0),
          List.of(),
          null,
          false,
          List.of());

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
  public AlignmentOutcome obey(AlignmentState state, ReleaseEvent event) {
    boolean forgets = event.action() == ReleaseEvent.Action.FORGET; // there is nothing to forget
    return new AlignmentOutcome(
        forgets ? NOTHING : state,
        PairLearner.obeyed(NOTHING, state, event, forgets ? "" : why),
        null);
  }
}
