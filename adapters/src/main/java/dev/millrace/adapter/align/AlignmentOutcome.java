package dev.millrace.adapter.align;

import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.Verdict;
import org.jspecify.annotations.Nullable;

/**
 * What taking in a pair, or obeying an event, led to.
 *
 * @param verdict null while a batch gathers
 * @param release the published release; null if there is none
 */
public record AlignmentOutcome(
    AlignmentState state, @Nullable Verdict verdict, @Nullable ReleaseEvent release) {

  static AlignmentOutcome of(AlignmentState state) {
    return new AlignmentOutcome(state, null, null);
  }
}
