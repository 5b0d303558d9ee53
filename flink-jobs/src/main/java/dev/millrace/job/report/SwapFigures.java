package dev.millrace.job.report;

import dev.millrace.schema.Answer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * How long swaps took: per serving subtask, from reading a release's event to the first answer by
 * it, which waits for a request of that domain to come.
 *
 * @param n (subtask, release) pairs that answered
 * @param failedRequests requests of the whole run that failed or got no answer
 */
public record SwapFigures(int n, long p50Millis, long p99Millis, int failedRequests) {

  /** One subtask's first answer by a release. */
  public record Swap(
      String domain, String release, int subtask, long answeredMillis, long tookMillis) {}

  private record Place(int subtask, String release) {}

  public static SwapFigures of(List<Committed<Answer>> answers, AnswerCounts counts) {
    List<Swap> swaps = swaps(answers);
    Quantiles took = Quantiles.of(swaps.stream().map(Swap::tookMillis).toList());
    return new SwapFigures(took.n(), took.p50(), took.p99(), counts.failed() + counts.missing());
  }

  /** In the order of time. */
  public static List<Swap> swaps(List<Committed<Answer>> answers) {
    Set<Place> seen = new HashSet<>();
    List<Swap> swaps = new ArrayList<>();
    answers.stream()
        .map(Committed::value)
        .sorted(Comparator.comparingLong(Answer::answeredMillis))
        .forEach(
            answer -> {
              String release = answer.release();
              if (release != null
                  && answer.error() == null
                  && answer.releaseReadMillis() > 0
                  && seen.add(new Place(answer.subtask(), release))) {
                swaps.add(swap(answer, release));
              }
            });
    return swaps;
  }

  private static Swap swap(Answer answer, String release) {
    return new Swap(
        String.valueOf(answer.domain()),
        release,
        answer.subtask(),
        answer.answeredMillis(),
        answer.answeredMillis() - answer.releaseReadMillis());
  }
}
