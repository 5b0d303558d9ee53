package dev.millrace.model.score;

import org.jspecify.annotations.Nullable;

/** The same text again, within the last so many texts seen. */
final class ExactDuplicate implements Stage {

  @Override
  public @Nullable Refusal check(Candidate candidate, DomainMemory memory) {
    candidate.normalized = Normalizer.normalize(candidate.text);
    long[] hash = TextHash.of(candidate.normalized);
    if (memory.exact.nearest(hash) == 1) {
      return new Refusal(
          Reason.DUPLICATE_EXACT,
          "text of " + candidate.text.length() + " characters was seen before");
    }
    memory.exact.add(hash);
    return null;
  }
}
