package dev.millrace.model.serve;

import dev.millrace.schema.Request;
import dev.millrace.schema.Request.Task;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** What a request may ask for: the one place of the responder that says no. */
final class RequestRules {

  private final ServeLimits limits;
  private final int contextTokens;

  RequestRules(ServeLimits limits, int maxPositionEmbeddings) {
    this.limits = limits;
    this.contextTokens = Math.min(limits.contextTokens(), maxPositionEmbeddings);
  }

  /** Why the request cannot be answered, {@code code: value, expectation}; null if it can. */
  @Nullable String problem(Request request) {
    int bytes = request.prompt().getBytes(StandardCharsets.UTF_8).length;
    if (bytes == 0) {
      return "prompt-empty: 0 bytes, expected at least 1";
    }
    if (bytes > limits.promptBytes()) {
      return "prompt-too-long: " + bytes + " bytes, limit " + limits.promptBytes();
    }
    if (request.task() == Task.EMBED && request.release() != null) {
      return "release-unused: " + request.release() + ", expected none: the base alone embeds";
    }
    return request.task() == Task.GENERATE ? generateProblem(request) : null;
  }

  /** The same once the prompt's tokens are counted. */
  @Nullable String problem(Request request, int promptTokens) {
    int least = request.task() == Task.SCORE ? 2 : 1;
    if (promptTokens < least) {
      return "prompt-too-short: " + promptTokens + " tokens, expected at least " + least;
    }
    int added = request.task() == Task.GENERATE ? request.maxTokens() : 0;
    return promptTokens + added <= contextTokens
        ? null
        : "prompt-too-long: "
            + promptTokens
            + " tokens and "
            + added
            + " to add, limit "
            + contextTokens;
  }

  private @Nullable String generateProblem(Request request) {
    if (request.maxTokens() < 1 || request.maxTokens() > limits.newTokens()) {
      return "max-tokens: " + request.maxTokens() + ", expected 1 to " + limits.newTokens();
    }
    double temperature = request.temperature();
    return Double.isFinite(temperature) && temperature >= 0
        ? null
        : "temperature: " + temperature + ", expected 0 or more";
  }
}
