package dev.millrace.adapter;

import dev.millrace.adapter.gate.Judgement;
import dev.millrace.adapter.gate.Served;
import dev.millrace.adapter.train.AdapterState;
import dev.millrace.schema.ScoredSample;
import dev.millrace.schema.TrainingBatch;
import dev.millrace.schema.Verdict;
import org.jspecify.annotations.Nullable;

/**
 * One candidate and how it was judged.
 *
 * @param share how much of what training changed the candidate takes over, 0..1
 * @param candidate before rounding
 * @param served as it would be served
 */
record Attempt(
    Trained trained, double share, AdapterState candidate, Served served, Judgement judgement) {

  /** The verdict on a candidate that became, or did not become, a release. */
  Verdict verdict(@Nullable String release) {
    TrainingBatch batch = trained.batch();
    return new Verdict(
        batch.tenant(),
        batch.domain(),
        batch.number(),
        release,
        trained.before().release(),
        judgement.accepted(),
        judgement.rules(),
        batch.samples().size(),
        trained.training().tokens(),
        trained.millis(),
        batch.samples().stream().map(ScoredSample::quality).toList());
  }
}
