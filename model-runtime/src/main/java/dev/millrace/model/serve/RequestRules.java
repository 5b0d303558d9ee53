package dev.millrace.model.serve;

import dev.millrace.schema.Request;
import dev.millrace.schema.Request.Task;
import dev.millrace.schema.wire.Limits;
import dev.millrace.schema.wire.Requests;
import org.jspecify.annotations.Nullable;

/** What a request may ask for: the one place of the responder that says no. */
record RequestRules(int contextTokens) {

  /** Why the request cannot be answered, {@code code: value, expectation}; null if it can. */
  @Nullable String problem(Request request) {
    if (request.task() == Task.EMBED && request.release() != null) {
      return "release-unused: "
          + request.release()
          + ", expected none: the base embeds texts, a domain's current alignment media";
    }
    if (request.cancels() != null) {
      return "nothing-asked: the request cancels " + request.cancels() + ", expected a question";
    }
    return Requests.problem(request);
  }

  /**
   * The same once the prompt's tokens are counted. Behind media the first is predicted too.
   *
   * @param prefix positions that media take
   */
  @Nullable String problem(Request request, int prefix, int promptTokens) {
    int least = (request.task() == Task.SCORE ? 2 : 1) - (prefix > 0 ? 1 : 0);
    if (promptTokens < least) {
      return "prompt-too-short: " + promptTokens + " tokens, expected at least " + least;
    }
    int added = request.task() == Task.GENERATE ? Math.max(1, request.maxTokens()) : 0;
    int positions = prefix + promptTokens;
    return positions + added <= contextTokens ? null : tooLong(positions, added);
  }

  /** How many tokens GENERATE may add behind so many positions, at least one of which is free. */
  int mayAdd(Request request, int positions) {
    return request.maxTokens() > 0
        ? request.maxTokens()
        : Math.min(Limits.ROOM_TOKENS, contextTokens - positions);
  }

  private String tooLong(int promptTokens, int added) {
    return "prompt-too-long: "
        + promptTokens
        + " tokens and "
        + added
        + " to add, expected at most "
        + contextTokens;
  }
}
