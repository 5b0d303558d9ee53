package dev.millrace.model.score;

import org.jspecify.annotations.Nullable;

/** The words of a text that teaches or judges already, in another order. */
record ReorderedCopy(double similarity) implements Stage {

  private static final int FEWEST_WORDS = 12;

  @Override
  public @Nullable Refusal check(Candidate candidate, DomainMemory memory) {
    candidate.words = Words.of(candidate.normalized);
    if (candidate.words.length < FEWEST_WORDS) {
      return null;
    }
    candidate.bag = MinHash.ofWords(candidate.words);
    double toHeldOut = memory.heldOutBags.nearest(candidate.bag);
    if (toHeldOut >= similarity) {
      return refusal(
          candidate.heldOut ? Reason.DUPLICATE_REORDERED : Reason.NEAR_HELD_OUT, toHeldOut);
    }
    double toTraining = memory.bags.nearest(candidate.bag);
    if (toTraining >= similarity) {
      return refusal(
          candidate.heldOut ? Reason.HELD_OUT_NEAR_TRAIN : Reason.DUPLICATE_REORDERED, toTraining);
    }
    return null;
  }

  /** Has the words of a copy that was refused guard like those of a text that was read. */
  void remember(Candidate copy, DomainMemory memory) {
    if (check(copy, memory) == null && copy.bag.length > 0) {
      memory.bags.add(copy.bag);
    }
  }

  private Refusal refusal(Reason reason, double found) {
    return Refusal.of(
        reason, "similarity %.2f of the words, expected below %.2f", found, similarity);
  }
}
