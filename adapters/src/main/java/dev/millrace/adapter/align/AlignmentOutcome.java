package dev.millrace.adapter.align;

import dev.millrace.adapter.publish.Draft;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.Verdict;
import org.jspecify.annotations.Nullable;

/**
 * What taking in a pair, or obeying an event, led to.
 *
 * @param verdict null while a batch gathers
 * @param release which there is once the draft is published; null if there is none
 * @param draft of that release
 */
public record AlignmentOutcome(
    AlignmentState state,
    @Nullable Verdict verdict,
    @Nullable ReleaseEvent release,
    @Nullable Draft draft) {

  /** An outcome with nothing to be published. */
  AlignmentOutcome(AlignmentState state, @Nullable Verdict verdict) {
    this(state, verdict, null, null);
  }

  /** Of an event that is not obeyed: nothing changes. */
  public static AlignmentOutcome refused(AlignmentState state, ReleaseEvent event, String reason) {
    return new AlignmentOutcome(state, PairLearner.obeyed(state, state, event, reason));
  }

  static AlignmentOutcome of(AlignmentState state) {
    return new AlignmentOutcome(state, null);
  }
}
