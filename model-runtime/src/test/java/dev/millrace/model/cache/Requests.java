package dev.millrace.model.cache;

import dev.millrace.schema.Origin;
import dev.millrace.schema.Request;
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
    return new Request(
        "id",
        tenant,
        "d",
        null,
        task,
        prompt,
        maxTokens,
        temperature,
        seed,
        true,
        0,
        new Origin("requests", 0, 0));
  }
}
