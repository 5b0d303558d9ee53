package dev.millrace.job.report;

import dev.millrace.schema.RuleResult;
import dev.millrace.schema.Verdict;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Candidates that passed the gate, and candidates that did not.
 *
 * @param waited batches that led to no candidate, since the domain could not be taught then; they
 *     are learned with the next
 * @param refusedBy candidates by the first rule that refused them
 * @param refusedOf the same by domain
 */
public record ReleaseCounts(
    int published,
    int refused,
    int waited,
    SortedMap<String, Integer> refusedBy,
    SortedMap<String, SortedMap<String, Integer>> refusedOf) {

  /** Rules that ask whether a domain may be taught now. */
  private static final Set<String> WAITS =
      Set.of("enough-evidence", "unpinned", "tried", "live-loss");

  public static ReleaseCounts of(List<Committed<Verdict>> verdicts) {
    int published = 0;
    int waited = 0;
    SortedMap<String, Integer> refusedBy = new TreeMap<>();
    SortedMap<String, SortedMap<String, Integer>> refusedOf = new TreeMap<>();
    for (Committed<Verdict> verdict : verdicts) {
      if (verdict.value().accepted()) {
        published += verdict.value().onAnOrder() ? 0 : 1;
      } else if (isRefused(verdict.value())) {
        String rule = refusedBy(verdict.value()).map(RuleResult::rule).orElse("unknown");
        refusedBy.merge(rule, 1, Integer::sum);
        refusedOf
            .computeIfAbsent(verdict.value().domain(), domain -> new TreeMap<>())
            .merge(rule, 1, Integer::sum);
      } else if (waits(verdict.value())) {
        waited++;
      }
    }
    int refused = refusedBy.values().stream().mapToInt(n -> n).sum();
    return new ReleaseCounts(published, refused, waited, refusedBy, refusedOf);
  }

  /** Whether it is on a candidate: a batch that waits has none. */
  static boolean isRefused(Verdict verdict) {
    return !verdict.accepted() && verdict.tokens() > 0;
  }

  /** Whether its batch is learned with the next; what failed another rule untaught is dropped. */
  static boolean waits(Verdict verdict) {
    return verdict.tokens() == 0
        && refusedBy(verdict).filter(rule -> WAITS.contains(rule.rule())).isPresent();
  }

  /** The first rule that did not pass. */
  static Optional<RuleResult> refusedBy(Verdict verdict) {
    return verdict.rules().stream().filter(rule -> !rule.passed()).findFirst();
  }
}
