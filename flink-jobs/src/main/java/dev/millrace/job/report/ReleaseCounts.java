package dev.millrace.job.report;

import dev.millrace.schema.Verdict;
import java.util.List;

/** Candidates that passed the gate, and candidates that did not. */
public record ReleaseCounts(int published, int refused) {

  public static ReleaseCounts of(List<Committed<Verdict>> verdicts) {
    int published = (int) verdicts.stream().filter(v -> v.value().accepted()).count();
    return new ReleaseCounts(published, verdicts.size() - published);
  }
}
