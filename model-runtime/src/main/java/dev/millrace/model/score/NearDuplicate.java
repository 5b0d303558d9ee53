package dev.millrace.model.score;

import java.math.BigDecimal;
import java.math.RoundingMode;
import org.jspecify.annotations.Nullable;

/** Almost the same text as one that teaches or judges already; the two sides never share a text. */
record NearDuplicate(double similarity) implements Stage {

  @Override
  public @Nullable Refusal check(Candidate candidate, DomainMemory memory) {
    candidate.signature = MinHash.of(candidate.normalized);
    double toHeldOut = memory.heldOut.nearest(candidate.signature);
    if (toHeldOut >= similarity) {
      return refusal(candidate.heldOut ? Reason.DUPLICATE_NEAR : Reason.NEAR_HELD_OUT, toHeldOut);
    }
    double toTraining = memory.near.nearest(candidate.signature);
    if (toTraining >= similarity) {
      return refusal(
          candidate.heldOut ? Reason.HELD_OUT_NEAR_TRAIN : Reason.DUPLICATE_NEAR, toTraining);
    }
    return null;
  }

  private Refusal refusal(Reason reason, double found) {
    return new Refusal(
        reason, "similarity " + hundredths(found) + ", expected below " + hundredths(similarity));
  }

  /** As {@link String#format} writes them, in less time. */
  static BigDecimal hundredths(double share) {
    return BigDecimal.valueOf(share).setScale(2, RoundingMode.HALF_UP);
  }
}
