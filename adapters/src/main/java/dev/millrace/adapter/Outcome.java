package dev.millrace.adapter;

import dev.millrace.adapter.batch.Remembered;
import dev.millrace.adapter.publish.Draft;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.RuleResult;
import dev.millrace.schema.Verdict;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What learning a batch, or obeying an event, led to.
 *
 * @param state to learn the domain's next batch from
 * @param promoted the release that has passed its trial; null if none was on trial, or still is
 * @param release the published release; null if the candidate was refused
 * @param draft what is to be published before any of this counts; null if nothing is
 */
public record Outcome(
    LearnerState state,
    Verdict verdict,
    @Nullable ReleaseEvent promoted,
    @Nullable ReleaseEvent release,
    @Nullable Draft draft) {

  /** An outcome that ends no trial, with nothing to be published. */
  public Outcome(LearnerState state, Verdict verdict, @Nullable ReleaseEvent release) {
    this(state, verdict, null, release, null);
  }

  /** Of an event that is not obeyed: nothing changes. */
  public static Outcome refused(LearnerState state, ReleaseEvent event, String reason) {
    return new Outcome(state, Rewinder.verdict(state, state, event, reason), null);
  }

  /** The same, after a release has passed its trial. */
  Outcome after(ReleaseEvent passed) {
    return new Outcome(state, verdict, passed, release, draft);
  }

  /** The same, with other samples in line. */
  Outcome withWaiting(List<Remembered> line) {
    return new Outcome(state.withWaiting(line), verdict, promoted, release, draft);
  }

  /** The same, with what was found of a rule in place of what its verdict says of that. */
  Outcome knowing(RuleResult found) {
    List<RuleResult> rules =
        verdict.rules().stream()
            .map(rule -> rule.rule().equals(found.rule()) ? found : rule)
            .toList();
    return saying(verdict.batch(), rules);
  }

  /** The same, its verdict of the batch of such a number, whatever that of the release is. */
  Outcome ofBatch(long number) {
    return saying(number, verdict.rules());
  }

  private Outcome saying(long batch, List<RuleResult> rules) {
    Verdict said =
        new Verdict(
            verdict.tenant(),
            verdict.domain(),
            batch,
            verdict.release(),
            verdict.parent(),
            verdict.accepted(),
            rules,
            verdict.samples(),
            verdict.tokens(),
            verdict.trainMillis(),
            verdict.qualities());
    return new Outcome(state, said, promoted, release, draft);
  }

  /** The same, now that it is published. */
  Outcome published() {
    return new Outcome(state, verdict, promoted, release, null);
  }
}
