package dev.millrace.model.score;

import org.jspecify.annotations.Nullable;

/**
 * In words that its domain does not know, such as those of another language. A domain never learns
 * what it refuses: a limit of 1, the default, refuses nothing.
 */
record Foreign(double most) implements Stage {

  /** Texts that a reference must have learned before it refuses any. */
  private static final int ENOUGH = 64;

  @Override
  public @Nullable Refusal check(Candidate candidate, DomainMemory memory) {
    candidate.fit = memory.reference.fit(candidate.words);
    double unknown = candidate.fit.unknown();
    return memory.reference.learned() >= ENOUGH && unknown > most
        ? Refusal.of(
            Reason.LANGUAGE_UNLIKE,
            "share %.3f of words that the domain does not know, expected at most %.3f",
            unknown,
            most)
        : null;
  }
}
