package dev.millrace.job.report;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import dev.millrace.schema.Answer;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Request;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Requests against answers, both as they stand on the topics; the key is (request id, where the
 * request stands).
 *
 * @param requested requests
 * @param answered requests with at least one answer
 * @param duplicated answers beyond the first of their request
 * @param missing requests without an answer
 * @param failed requests whose answer names an error
 * @param unasked answers to no request
 * @param generate the requests among them that ask for new text
 */
public record AnswerCounts(
    int requested,
    int answered,
    int duplicated,
    int missing,
    int failed,
    int unasked,
    @JsonUnwrapped GenerateCounts generate) {

  private record Key(String id, Origin origin) {}

  public static AnswerCounts of(
      List<Committed<Request>> requests, List<Committed<Answer>> answers) {
    Map<Key, Integer> counts = new HashMap<>();
    for (Committed<Request> request : requests) {
      counts.put(new Key(request.value().id(), request.origin()), 0);
    }
    int unasked = 0;
    int failed = 0;
    for (Committed<Answer> answer : answers) {
      Key key = new Key(answer.value().request(), answer.value().requestOrigin());
      Integer before = counts.computeIfPresent(key, (k, n) -> n + 1);
      if (before == null) {
        unasked++;
      } else if (before == 1 && answer.value().error() != null) {
        failed++;
      }
    }
    int answered = (int) counts.values().stream().filter(n -> n > 0).count();
    int duplicated = counts.values().stream().mapToInt(n -> Math.max(0, n - 1)).sum();
    return new AnswerCounts(
        counts.size(),
        answered,
        duplicated,
        counts.size() - answered,
        failed,
        unasked,
        GenerateCounts.of(requests));
  }
}
