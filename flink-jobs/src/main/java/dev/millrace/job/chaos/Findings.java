package dev.millrace.job.chaos;

import dev.millrace.job.report.AnswerCounts;
import dev.millrace.job.report.Committed;
import dev.millrace.job.report.Machine;
import dev.millrace.job.report.Recording;
import dev.millrace.model.release.LearnedSample;
import dev.millrace.model.release.Manifest;
import dev.millrace.schema.Answer;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Request;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Puts a report together from what is left of a run.
 *
 * @param met problems that were met in the run
 * @param begun when the run began, epoch milliseconds
 */
record Findings(Evidence evidence, List<String> met, long begun) {

  /** The report; the hits' times are epoch milliseconds. */
  ChaosReport report(ChaosConfig config, List<ChaosReport.Hit> hits, double seconds) {
    Recording recording = evidence.recording();
    List<ChaosReport.Hit> struck =
        hits.stream()
            .sorted(Comparator.comparingLong(ChaosReport.Hit::atMillis))
            .map(this::withAnswer)
            .toList();
    return new ChaosReport(
        config.seed(),
        seconds,
        struck,
        AnswerCounts.of(recording.requests(), recording.answers()),
        recording.releases().size(),
        learned(),
        recording.rejections().size(),
        evidence.longestGapMillis(),
        recoveries(struck),
        Stream.concat(met.stream(), Audit.problems(evidence, config.bound().toMillis()).stream())
            .toList(),
        Machine.read());
  }

  /** One that two releases learned, of which only one was published, counts once. */
  private int learned() {
    return (int)
        evidence.stored().byId().values().stream()
            .flatMap(Manifest::fresh)
            .map(LearnedSample::origin)
            .distinct()
            .count();
  }

  private static List<Recovery> recoveries(List<ChaosReport.Hit> struck) {
    Map<String, List<Long>> byFault = new TreeMap<>();
    struck.stream()
        .filter(hit -> hit.fault().matches("(kill|lose)-.*") && hit.answeredMillis() >= 0)
        .forEach(
            hit ->
                byFault
                    .computeIfAbsent(hit.fault(), fault -> new ArrayList<>())
                    .add(hit.answeredMillis()));
    return byFault.entrySet().stream()
        .map(fault -> Recovery.of(fault.getKey(), fault.getValue()))
        .toList();
  }

  private ChaosReport.Hit withAnswer(ChaosReport.Hit hit) {
    return new ChaosReport.Hit(
        hit.fault(),
        hit.what(),
        hit.atMillis() - begun,
        hit.lastedMillis(),
        answeredAfter(hit.atMillis()));
  }

  /** Milliseconds until a request that came after a moment had a visible answer. */
  private long answeredAfter(long moment) {
    Map<Origin, Long> asked = new HashMap<>();
    for (Committed<Request> request : evidence.recording().requests()) {
      asked.put(request.origin(), request.appendedMillis());
    }
    long first = Long.MAX_VALUE;
    for (Committed<Answer> answer : evidence.recording().answers()) {
      Long seen = evidence.seen().get(answer.origin());
      Long when = asked.get(answer.value().requestOrigin());
      if (seen != null && when != null && when >= moment) {
        first = Math.min(first, seen - moment);
      }
    }
    return first == Long.MAX_VALUE ? -1 : first;
  }
}
