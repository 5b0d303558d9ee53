package dev.millrace.model.swap;

import dev.millrace.schema.ReleaseEvent;

/**
 * What became of a release event.
 *
 * @param reason why it was ignored or failed, or is followed and answers nobody until it can be
 *     fetched, {@code code: detail}; else empty
 * @param millis from the start of the fetch to the end, milliseconds
 */
public record SwapResult(ReleaseEvent event, Outcome outcome, String reason, double millis) {

  /** How it ended; the old release serves on unless it is SWAPPED. */
  public enum Outcome {
    SWAPPED,
    IGNORED,
    FAILED
  }
}
