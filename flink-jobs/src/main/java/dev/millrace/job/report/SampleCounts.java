package dev.millrace.job.report;

import dev.millrace.schema.Origin;
import dev.millrace.schema.Rejection;
import dev.millrace.schema.ReleaseLine;
import dev.millrace.schema.Verdict;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What became of the samples.
 *
 * @param in records on the samples topic
 * @param accepted those that were not refused
 * @param rejected refused ones by reason
 * @param taught those of batches that were trained on, and of batches that had waited for these; of
 *     each a few are held out
 * @param rejectedTwice refusals beyond the first of their sample
 */
public record SampleCounts(
    int in, int accepted, SortedMap<String, Integer> rejected, int taught, int rejectedTwice) {

  public static SampleCounts of(
      List<Committed<Arrival>> samples,
      List<Committed<Rejection>> rejections,
      List<Committed<Verdict>> verdicts) {
    Set<Origin> in = new HashSet<>();
    samples.forEach(sample -> in.add(sample.origin()));
    Map<Origin, String> reasons = new HashMap<>();
    int rejectedTwice = 0;
    for (Committed<Rejection> rejection : rejections) {
      Rejection value = rejection.value();
      if (in.contains(value.origin())
          && reasons.putIfAbsent(value.origin(), value.reason()) != null) {
        rejectedTwice++;
      }
    }
    SortedMap<String, Integer> rejected = new TreeMap<>();
    reasons.values().forEach(reason -> rejected.merge(reason, 1, Integer::sum));
    return new SampleCounts(
        in.size(), in.size() - reasons.size(), rejected, taught(verdicts), rejectedTwice);
  }

  private static int taught(List<Committed<Verdict>> verdicts) {
    int taught = 0;
    Map<ReleaseLine, Integer> waiting = new HashMap<>();
    for (Committed<Verdict> committed : verdicts) {
      Verdict verdict = committed.value();
      ReleaseLine line = verdict.line();
      if (ReleaseCounts.waits(verdict)) {
        waiting.merge(line, verdict.samples(), Integer::sum);
      } else if (verdict.samples() > 0) { // else it is on an order
        int waited = Objects.requireNonNullElse(waiting.remove(line), 0);
        taught += verdict.tokens() > 0 ? verdict.samples() + waited : 0;
      }
    }
    return taught;
  }

  /** These and what was refused before it came to a topic, by reason. */
  SampleCounts plus(Map<String, Integer> refused) {
    SortedMap<String, Integer> reasons = new TreeMap<>(rejected);
    refused.forEach((reason, n) -> reasons.merge(reason, n, Integer::sum));
    int more = refused.values().stream().mapToInt(n -> n).sum();
    return new SampleCounts(in + more, accepted, reasons, taught, rejectedTwice);
  }
}
