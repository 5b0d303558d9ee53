package dev.millrace.model.score;

import org.jspecify.annotations.Nullable;

/** The same bytes under the same caption again, within the last so many samples seen. */
final class DuplicateMedia implements Stage {

  @Override
  public @Nullable Refusal check(Candidate candidate, DomainMemory memory) {
    candidate.normalized(Normalizer.normalize(candidate.text()));
    byte[] media = candidate.sample().media();
    long caption = TextHash.of(candidate.normalized())[0];
    long[] hash = {TextHash.mix(TextHash.of(media)[0] ^ caption)};
    if (memory.exact().nearest(hash) == 1) {
      return new Refusal(
          Reason.DUPLICATE_EXACT,
          "media of " + media.length + " bytes with this caption was seen before");
    }
    memory.exact().add(hash);
    return null;
  }
}
