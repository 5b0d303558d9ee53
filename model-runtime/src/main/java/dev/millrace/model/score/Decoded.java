package dev.millrace.model.score;

import dev.millrace.model.align.Input;
import dev.millrace.model.media.InvalidMediaException;
import dev.millrace.model.media.Pictures;
import dev.millrace.model.media.Sounds;
import dev.millrace.schema.Modality;
import dev.millrace.schema.Sample;
import org.jspecify.annotations.Nullable;

/** Media that can be decoded within bounds. */
final class Decoded implements Stage {

  @Override
  public @Nullable Refusal check(Candidate candidate, DomainMemory memory) {
    try {
      candidate.media(decoded(candidate.sample()));
      return null;
    } catch (InvalidMediaException e) {
      return new Refusal(reason(e.kind()), String.valueOf(e.getMessage()));
    }
  }

  private static Input decoded(Sample sample) throws InvalidMediaException {
    return sample.modality() == Modality.IMAGE
        ? new Input.Seen(Pictures.read(sample.media()))
        : new Input.Heard(Sounds.read(sample.media()));
  }

  private static Reason reason(InvalidMediaException.Kind kind) {
    return switch (kind) {
      case UNKNOWN -> Reason.MEDIA_UNKNOWN;
      case BROKEN -> Reason.MEDIA_BROKEN;
      case TOO_LARGE -> Reason.MEDIA_TOO_LARGE;
    };
  }
}
