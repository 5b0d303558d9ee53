package dev.millrace.adapter;

import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.Verdict;
import org.jspecify.annotations.Nullable;

/**
 * What learning a batch, or obeying an event, led to.
 *
 * @param state to learn the domain's next batch from
 * @param promoted the release that has passed its trial; null if none was on trial, or still is
 * @param release the published release; null if the candidate was refused
 */
public record Outcome(
    LearnerState state,
    Verdict verdict,
    @Nullable ReleaseEvent promoted,
    @Nullable ReleaseEvent release) {

  /** An outcome that ends no trial. */
  public Outcome(LearnerState state, Verdict verdict, @Nullable ReleaseEvent release) {
    this(state, verdict, null, release);
  }

  /** The same, after a release has passed its trial. */
  Outcome after(ReleaseEvent passed) {
    return new Outcome(state, verdict, passed, release);
  }
}
