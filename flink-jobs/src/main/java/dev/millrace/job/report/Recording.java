package dev.millrace.job.report;

import dev.millrace.schema.Answer;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Rejection;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.Request;
import dev.millrace.schema.Verdict;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Everything that a {@code read_committed} consumer found on the topics of one run.
 *
 * @param verdicts on adapters of the base
 * @param releases of such
 * @param alignments verdicts on adapters of the space in which pictures and sounds meet captions
 */
public record Recording(
    List<Committed<Arrival>> samples,
    List<Committed<Rejection>> rejections,
    List<Committed<Verdict>> verdicts,
    List<Committed<ReleaseEvent>> releases,
    List<Committed<Request>> requests,
    List<Committed<Answer>> answers,
    List<Committed<Verdict>> alignments) {

  /** These records, with the times at which another reader saw them where it did. */
  public Recording seenAs(Recording other) {
    return new Recording(
        seen(samples, other.samples),
        seen(rejections, other.rejections),
        seen(verdicts, other.verdicts),
        seen(releases, other.releases),
        seen(requests, other.requests),
        seen(answers, other.answers),
        seen(alignments, other.alignments));
  }

  private static <T> List<Committed<T>> seen(
      List<Committed<T>> records, List<Committed<T>> others) {
    Map<Origin, Long> times = new HashMap<>();
    others.forEach(other -> times.put(other.origin(), other.seenMillis()));
    return records.stream()
        .map(
            record ->
                new Committed<>(
                    record.value(),
                    record.origin(),
                    record.appendedMillis(),
                    times.getOrDefault(record.origin(), record.seenMillis())))
        .toList();
  }
}
