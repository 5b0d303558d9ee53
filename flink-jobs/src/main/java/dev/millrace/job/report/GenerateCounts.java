package dev.millrace.job.report;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.millrace.schema.Request;
import dev.millrace.schema.Request.Task;
import java.util.List;

/**
 * Requests to continue a text, which no shortcut answers: how much of a load was real work.
 *
 * @param requests GENERATE requests
 * @param uncached those that forbid the caches
 * @param prompts different prompts among them
 * @param fewestTokens that any of them asks for; 0 where there are none
 */
public record GenerateCounts(
    @JsonProperty("generate") int requests,
    @JsonProperty("generateUncached") int uncached,
    @JsonProperty("generatePrompts") int prompts,
    @JsonProperty("generateFewestTokens") int fewestTokens) {

  static GenerateCounts of(List<Committed<Request>> requests) {
    List<Request> generating =
        requests.stream().map(Committed::value).filter(r -> r.task() == Task.GENERATE).toList();
    return new GenerateCounts(
        generating.size(),
        (int) generating.stream().filter(r -> !r.cached()).count(),
        (int) generating.stream().map(Request::prompt).distinct().count(),
        generating.stream().mapToInt(Request::maxTokens).min().orElse(0));
  }
}
