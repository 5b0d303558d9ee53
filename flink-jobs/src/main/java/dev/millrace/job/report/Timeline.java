package dev.millrace.job.report;

import dev.millrace.schema.Answer;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Rejection;
import dev.millrace.schema.RuleResult;
import dev.millrace.schema.Verdict;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A run as it went, for the page's plots. Times are milliseconds since the first record.
 *
 * @param verdicts in the order of commit
 * @param candidates those that were refused, alignments last
 * @param answers one point an answer
 * @param swaps first answers by a release
 * @param qualities by domain: Q of what was accepted and of what was refused
 * @param refused some refused samples of each reason
 * @param media some pictures and sounds
 */
public record Timeline(
    List<Judged> verdicts,
    List<RefusedCandidate> candidates,
    List<Answered> answers,
    List<Swapped> swaps,
    SortedMap<String, Qualities> qualities,
    List<Refused> refused,
    List<Exhibit> media) {

  private static final int EXAMPLES = 3;
  private static final int EXCERPT = 160;

  /** A verdict; bits per byte are the gate's, of the candidate if accepted, else the incumbent. */
  public record Judged(
      long at,
      String domain,
      boolean accepted,
      String release,
      double base,
      double now,
      double candidate,
      String why) {}

  /** What the first rule that did not pass said. */
  public record RefusedCandidate(long at, String domain, String kind, String rule, String reason) {}

  public record Answered(long at, long latency, String task, String from) {}

  public record Swapped(long at, String domain, String release, int subtask, long took) {}

  public record Qualities(List<Double> accepted, List<Double> refused) {}

  public record Refused(
      String reason, int count, String domain, String id, String detail, String text) {}

  public static Timeline of(Recording recording) {
    long start = start(recording);
    return new Timeline(
        recording.verdicts().stream()
            .filter(verdict -> DomainProgress.figure(verdict.value(), "bitsPerByteBase") != null)
            .map(verdict -> judged(verdict, start))
            .toList(),
        Stream.concat(recording.verdicts().stream(), recording.alignments().stream())
            .filter(verdict -> ReleaseCounts.isRefused(verdict.value()))
            .map(verdict -> refusedCandidate(verdict, start))
            .toList(),
        answered(recording, start),
        SwapFigures.swaps(recording.answers()).stream()
            .map(
                swap ->
                    new Swapped(
                        swap.answeredMillis() - start,
                        swap.domain(),
                        swap.release(),
                        swap.subtask(),
                        swap.tookMillis()))
            .toList(),
        qualities(recording),
        refused(recording),
        Gallery.of(recording));
  }

  private static long start(Recording recording) {
    return Math.min(first(recording.samples()), first(recording.requests()));
  }

  private static <T> long first(List<Committed<T>> records) {
    return records.stream().mapToLong(Committed::appendedMillis).min().orElse(Long.MAX_VALUE);
  }

  private static Judged judged(Committed<Verdict> committed, long start) {
    Verdict verdict = committed.value();
    double candidate = figure(verdict, "bitsPerByteCandidate");
    return new Judged(
        committed.seenMillis() - start,
        verdict.domain(),
        verdict.accepted(),
        Objects.requireNonNullElse(verdict.release(), ""),
        figure(verdict, "bitsPerByteBase"),
        verdict.accepted() ? candidate : figure(verdict, "bitsPerByteIncumbent"),
        candidate,
        ReleaseCounts.refusedBy(verdict)
            .map(rule -> rule.rule() + ": " + rule.reason())
            .orElse(""));
  }

  private static RefusedCandidate refusedCandidate(Committed<Verdict> committed, long start) {
    Verdict verdict = committed.value();
    Optional<RuleResult> rule = ReleaseCounts.refusedBy(verdict);
    return new RefusedCandidate(
        committed.seenMillis() - start,
        verdict.domain(),
        verdict.kind().name().toLowerCase(Locale.ROOT),
        rule.map(RuleResult::rule).orElse("unknown"),
        rule.map(RuleResult::reason).orElse(""));
  }

  private static double figure(Verdict verdict, String name) {
    return Objects.requireNonNullElse(DomainProgress.figure(verdict, name), Double.NaN);
  }

  private static List<Answered> answered(Recording recording, long start) {
    Map<Origin, Long> asked = new HashMap<>();
    recording.requests().forEach(r -> asked.put(r.origin(), r.appendedMillis()));
    List<Answered> answered = new ArrayList<>();
    for (Committed<Answer> committed : recording.answers()) {
      Answer answer = committed.value();
      Long at = asked.get(answer.requestOrigin());
      if (at != null) {
        answered.add(
            new Answered(
                committed.seenMillis() - start,
                committed.seenMillis() - at,
                answer.task().name(),
                answer.source()));
      }
    }
    return answered;
  }

  private static SortedMap<String, Qualities> qualities(Recording recording) {
    SortedMap<String, Qualities> qualities = new TreeMap<>();
    for (Committed<Verdict> verdict : recording.verdicts()) {
      at(qualities, verdict.value().domain()).accepted().addAll(verdict.value().qualities());
    }
    for (Committed<Rejection> rejection : recording.rejections()) {
      String domain = rejection.value().domain();
      if (domain != null && Double.isFinite(rejection.value().quality())) {
        at(qualities, domain).refused().add(rejection.value().quality());
      }
    }
    return qualities;
  }

  private static Qualities at(SortedMap<String, Qualities> qualities, String domain) {
    return qualities.computeIfAbsent(
        domain, d -> new Qualities(new ArrayList<>(), new ArrayList<>()));
  }

  private static List<Refused> refused(Recording recording) {
    Map<Origin, Arrival> samples = new HashMap<>();
    recording.samples().forEach(sample -> samples.put(sample.origin(), sample.value()));
    SortedMap<String, List<Rejection>> byReason = new TreeMap<>();
    recording.rejections().stream()
        .map(Committed::value)
        .forEach(r -> byReason.computeIfAbsent(r.reason(), reason -> new ArrayList<>()).add(r));
    List<Refused> refused = new ArrayList<>();
    byReason.forEach(
        (reason, rejections) ->
            rejections.stream()
                .limit(EXAMPLES)
                .map(r -> refused(r, rejections.size(), samples.get(r.origin())))
                .forEach(refused::add));
    return refused;
  }

  private static Refused refused(Rejection rejection, int count, @Nullable Arrival arrival) {
    String text = arrival == null || arrival.sample() == null ? "" : arrival.sample().teaches();
    return new Refused(
        rejection.reason(),
        count,
        Objects.requireNonNullElse(rejection.domain(), ""),
        Objects.requireNonNullElse(rejection.id(), ""),
        rejection.detail(),
        excerpt(text));
  }

  /** Whole characters: half of one cannot be written to a file. */
  private static String excerpt(String text) {
    int characters = Math.min(EXCERPT, text.codePointCount(0, text.length()));
    return text.substring(0, text.offsetByCodePoints(0, characters));
  }
}
