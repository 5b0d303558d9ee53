package dev.millrace.model.serve;

import dev.millrace.model.base.Drafts;
import dev.millrace.model.base.Foreground;
import dev.millrace.model.swap.Caller;
import dev.millrace.schema.Answer;
import dev.millrace.schema.Request;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A running batch of requests: they join between any two tokens and leave as soon as they are
 * answered. An answer is a function of its request and of the release that was current when the
 * request joined, whatever else is in the batch; one whose deadline has passed leaves without. Any
 * thread may submit and cancel; one at a time steps.
 */
public interface Responder extends AutoCloseable {

  /**
   * Lets a request join at the next step; a request that fails has the reason in its answer.
   *
   * @param ticket names it among those in the batch
   * @param caller who asks
   */
  void submit(long ticket, Request request, long caller);

  /** The same of nobody in particular. */
  default void submit(long ticket, Request request) {
    submit(ticket, request, Caller.NOBODY);
  }

  /** Has a request answered with a reason at the next step, unless it is answered by then. */
  void cancel(long ticket, String reason);

  /**
   * Brings everything forward by a token, or one call of the model; waits while there is nothing to
   * do.
   *
   * @return what is answered, in no order; may be empty
   */
  List<Answered> step() throws InterruptedException;

  /**
   * What the last step added to answers that are not complete and whose requests ask for chunks. An
   * answer that is found, or computed for another that asks the same, comes without.
   */
  List<Added> added();

  /**
   * Tickets of the requests that wait for a release that is not in memory, or for their picture or
   * sound to be decoded: they take no part in the batch. Any thread may ask.
   */
  Set<Long> fetching();

  /** What was guessed of the answers so far. Any thread may ask. */
  Drafts drafts();

  /** The answer, if this process keeps it under the release that is current now. */
  @Nullable Answer known(Request request, long caller);

  /**
   * An answer without a look at what is asked.
   *
   * @param error why there is none; null if nothing was asked that needs one
   */
  Answer bare(Request request, @Nullable String error);

  /** Gives all leases back, without answers. */
  @Override
  void close();

  /** Answers requests that nobody else shares the batch with, in order. */
  default List<Answer> respond(List<Request> requests) {
    Answer[] answers = new Answer[requests.size()];
    for (int i = 0; i < requests.size(); i++) {
      submit(i, requests.get(i));
    }
    try {
      for (int left = requests.size(); left > 0; ) {
        for (Answered answered : step()) {
          answers[(int) answered.ticket()] = answered.answer();
          left--;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while answering", e);
    }
    return new ArrayList<>(Arrays.asList(answers));
  }

  /**
   * A responder on parts that it does not own; what can wait in this process gives way to it. Where
   * a domain has no release that the caller may see, the base alone answers, and the answer says
   * so.
   *
   * @param subtask stands in each answer
   */
  static Responder of(ServingParts parts, ServeLimits limits, int subtask) {
    return new RunningResponder(parts, limits, subtask, Foreground.ofProcess());
  }
}
