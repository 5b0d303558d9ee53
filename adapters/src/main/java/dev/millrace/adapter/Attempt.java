package dev.millrace.adapter;

import dev.millrace.adapter.gate.Judgement;
import dev.millrace.adapter.train.Lesson;
import dev.millrace.adapter.train.Training;
import dev.millrace.model.peft.AdapterWeights;
import dev.millrace.schema.ScoredSample;
import dev.millrace.schema.TrainingBatch;
import dev.millrace.schema.Verdict;
import org.jspecify.annotations.Nullable;

/**
 * One batch's way through the learner.
 *
 * @param before the state that training started from, new held-out samples included
 * @param served the candidate as it would be served
 */
record Attempt(
    TrainingBatch batch,
    LearnerState before,
    Lesson lesson,
    Training training,
    long trainMillis,
    AdapterWeights served,
    Judgement judgement) {

  /** The verdict on a candidate that became, or did not become, a release. */
  Verdict verdict(@Nullable String release) {
    return new Verdict(
        batch.tenant(),
        batch.domain(),
        batch.number(),
        release,
        before.release(),
        judgement.accepted(),
        judgement.rules(),
        batch.samples().size(),
        training.tokens(),
        trainMillis,
        batch.samples().stream().map(ScoredSample::quality).toList());
  }
}
