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

  /**
   * Whether the same event may be followed later: what it names could not be read. A base that only
   * some could fetch is released once more: it is large.
   */
  public boolean mayComeLater() {
    return outcome == Outcome.FAILED
        && event.kind() != ReleaseEvent.Kind.BASE
        && reason.startsWith(ReleaseRefusedException.UNREADABLE);
  }

  /** How it ended; the old release serves on unless it is SWAPPED. */
  public enum Outcome {
    SWAPPED,
    IGNORED,
    FAILED
  }
}
