package dev.millrace.job.report;

import dev.millrace.schema.Answer;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** Where the answers came from; a miss is an answer that the model computed. */
public record CacheCounts(int l1, int redis, int miss) {

  public static CacheCounts of(List<Committed<Answer>> answers) {
    Map<Answer.From, Integer> counts = new EnumMap<>(Answer.From.class);
    answers.forEach(answer -> counts.merge(answer.value().from(), 1, Integer::sum));
    return new CacheCounts(
        counts.getOrDefault(Answer.From.L1, 0),
        counts.getOrDefault(Answer.From.REDIS, 0),
        counts.getOrDefault(Answer.From.MODEL, 0));
  }
}
