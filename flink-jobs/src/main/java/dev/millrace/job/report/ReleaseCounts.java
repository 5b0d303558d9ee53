package dev.millrace.job.report;

import dev.millrace.schema.RuleResult;
import dev.millrace.schema.Verdict;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Candidates that passed the gate, and candidates that did not.
 *
 * @param waited batches that led to no candidate, since there was too little to judge one by; they
 *     are learned with the next
 * @param refusedBy candidates by the first rule that refused them
 */
public record ReleaseCounts(
    int published, int refused, int waited, SortedMap<String, Integer> refusedBy) {

  public static ReleaseCounts of(List<Committed<Verdict>> verdicts) {
    int published = 0;
    int waited = 0;
    SortedMap<String, Integer> refusedBy = new TreeMap<>();
    for (Committed<Verdict> verdict : verdicts) {
      if (verdict.value().accepted()) {
        published++;
      } else if (verdict.value().tokens() == 0) {
        waited++;
      } else {
        refusedBy.merge(refusingRule(verdict.value()), 1, Integer::sum);
      }
    }
    int refused = refusedBy.values().stream().mapToInt(n -> n).sum();
    return new ReleaseCounts(published, refused, waited, refusedBy);
  }

  private static String refusingRule(Verdict verdict) {
    return verdict.rules().stream()
        .filter(rule -> !rule.passed())
        .map(RuleResult::rule)
        .findFirst()
        .orElse("unknown");
  }
}
