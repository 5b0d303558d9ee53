package dev.millrace.model.score;

import org.jspecify.annotations.Nullable;

/**
 * Near copies of what judges among what would teach, and the other way round, that share no band.
 */
record Contamination(double similarity) implements Stage {

  @Override
  public @Nullable Refusal check(Candidate candidate, DomainMemory memory) {
    double found =
        candidate.heldOut
            ? memory.near.mostSimilar(candidate.signature)
            : memory.heldOut.mostSimilar(candidate.signature);
    return found < similarity
        ? null
        : Refusal.of(
            candidate.heldOut ? Reason.HELD_OUT_NEAR_TRAIN : Reason.NEAR_HELD_OUT,
            "similarity %.2f, expected below %.2f",
            found,
            similarity);
  }
}
