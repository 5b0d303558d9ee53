package dev.millrace.model.score;

import dev.millrace.model.align.Input;
import dev.millrace.model.media.InvalidMediaException;
import dev.millrace.schema.Sample;
import org.jspecify.annotations.Nullable;

/** Media that can be decoded within bounds. */
final class Decoded implements Stage {

  @Override
  public @Nullable Refusal check(Candidate candidate, DomainMemory memory) {
    try {
      Sample sample = candidate.sample;
      candidate.media = Input.read(sample.modality(), sample.media());
      return null;
    } catch (InvalidMediaException e) {
      return new Refusal(Reason.of(e.kind()), String.valueOf(e.getMessage()));
    }
  }
}
