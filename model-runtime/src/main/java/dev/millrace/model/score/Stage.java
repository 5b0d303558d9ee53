package dev.millrace.model.score;

import org.jspecify.annotations.Nullable;

/** One step of the cascade. */
@FunctionalInterface
interface Stage {

  /** Why the candidate goes no further; null if it does. */
  @Nullable Refusal check(Candidate candidate, DomainMemory memory);

  /** A reason, with the offending value and what was expected. */
  record Refusal(Reason reason, String detail) {}
}
