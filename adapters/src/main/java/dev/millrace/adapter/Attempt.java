package dev.millrace.adapter;

import dev.millrace.adapter.gate.Judgement;
import dev.millrace.adapter.gate.Served;
import dev.millrace.adapter.train.AdapterState;
import dev.millrace.schema.RuleResult;
import dev.millrace.schema.ScoredSample;
import dev.millrace.schema.TrainingBatch;
import dev.millrace.schema.Verdict;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * One candidate and how it was judged.
 *
 * @param mix how the candidate comes of what training led to
 * @param candidate before rounding
 * @param served as it would be served
 */
record Attempt(
    Trained trained, Mix mix, AdapterState candidate, Served served, Judgement judgement) {

  /** The name it has in verdicts. */
  static final String UNDECIDED = "undecided";

  /** The same, as what is to be taught once more. */
  Attempt waiting() {
    int texts = trained.task().lesson().fresh().size();
    RuleResult waits =
        new RuleResult(
            UNDECIDED,
            true,
            "nothing speaks against it: its texts are taught once more, with the next batch's",
            new TreeMap<>(Map.of("texts", (double) texts)));
    return knowing(waits);
  }

  /** The same, with what was found since, which did not decide. */
  Attempt knowing(RuleResult found) {
    return new Attempt(trained, mix, candidate, served, judgement.after(found));
  }

  /** The verdict on a candidate that became, or did not become, a release. */
  Verdict verdict(@Nullable String release) {
    TrainingBatch batch = trained.task().batch();
    return new Verdict(
        batch.tenant(),
        batch.domain(),
        batch.number(),
        release,
        trained.task().before().release(),
        judgement.accepted(),
        judgement.rules(),
        batch.samples().size(),
        trained.training().tokens(),
        trained.millis(),
        batch.samples().stream().map(ScoredSample::quality).toList());
  }
}
