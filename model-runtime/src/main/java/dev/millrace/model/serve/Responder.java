package dev.millrace.model.serve;

import dev.millrace.schema.Answer;
import dev.millrace.schema.Request;
import java.util.List;

/**
 * Answers requests. An answer is a function of its request and the release that was current when
 * the call began, whatever else is in the call.
 */
public interface Responder {

  /** One answer for each request, in order; a request that fails has the reason in its answer. */
  List<Answer> respond(List<Request> requests);

  /**
   * A responder on parts that it does not own.
   *
   * @param subtask stands in each answer
   */
  static Responder of(ServingParts parts, ServeLimits limits, UnknownDomain unknown, int subtask) {
    return new BatchResponder(parts, limits, unknown, subtask);
  }
}
