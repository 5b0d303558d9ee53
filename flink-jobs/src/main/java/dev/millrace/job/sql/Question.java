package dev.millrace.job.sql;

import dev.millrace.schema.Request;
import dev.millrace.schema.wire.Requests;
import java.io.Serializable;
import java.util.List;
import org.apache.flink.table.api.ValidationException;
import org.jspecify.annotations.Nullable;

/**
 * What is asked of each row's text; the fields are those of {@link Request}.
 *
 * @param domain null asks the base alone
 * @param release null asks the domain's current one
 * @param stop null ends at no text
 */
record Question(
    @Nullable String tenant,
    @Nullable String domain,
    @Nullable String release,
    Request.Task task,
    int maxTokens,
    double temperature,
    int topK,
    double topP,
    long seed,
    @Nullable String stop)
    implements Serializable {

  /**
   * Refuses what no text could be asked with.
   *
   * @throws ValidationException with the reason
   */
  void requireAnswerable() {
    String problem = Requests.problem(about("sql", "a text", 0));
    if (problem != null) {
      throw new ValidationException(problem);
    }
  }

  Request about(String id, String prompt, long now) {
    return Request.builder(id, task, prompt)
        .tenant(tenant)
        .domain(domain)
        .release(release)
        .maxTokens(maxTokens)
        .temperature(temperature)
        .topK(topK)
        .topP(topP)
        .seed(seed)
        .stop(stop == null ? List.of() : List.of(stop))
        .eventTimeMillis(now)
        .build();
  }
}
