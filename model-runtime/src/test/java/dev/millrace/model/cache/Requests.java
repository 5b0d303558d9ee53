package dev.millrace.model.cache;

import dev.millrace.schema.Origin;
import dev.millrace.schema.Request;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Requests for tests. */
final class Requests {

  private Requests() {}

  static Request of(@Nullable String tenant, Request.Task task, String prompt) {
    return of(tenant, task, prompt, 8, 0, 0);
  }

  static Request of(
      @Nullable String tenant,
      Request.Task task,
      String prompt,
      int maxTokens,
      double temperature,
      long seed) {
    return of(tenant, task, prompt, maxTokens, new Drawn(temperature, 0, 1, seed, List.of()));
  }

  /** How a GENERATE draws, and where it stops. */
  record Drawn(double temperature, int topK, double topP, long seed, List<String> stop) {}

  static Request of(
      @Nullable String tenant, Request.Task task, String prompt, int maxTokens, Drawn drawn) {
    return Request.builder("id", task, prompt)
        .tenant(tenant)
        .domain("d")
        .maxTokens(maxTokens)
        .temperature(drawn.temperature())
        .topK(drawn.topK())
        .topP(drawn.topP())
        .seed(drawn.seed())
        .stop(drawn.stop())
        .origin(new Origin("requests", 0, 0))
        .build();
  }
}
