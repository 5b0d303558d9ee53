package dev.millrace.model.score;

import dev.millrace.schema.Modality;
import org.jspecify.annotations.Nullable;

/** Pictures and sounds are learned from where there are encoders for them. */
final class SupportedModality implements Stage {

  @Override
  public @Nullable Refusal check(Candidate candidate, DomainMemory memory) {
    Modality modality = candidate.sample.modality();
    if (modality == Modality.TEXT || modality == Modality.CODE) {
      return null;
    }
    return new Refusal(
        Reason.MODALITY_UNSUPPORTED,
        "modality " + modality + ", expected TEXT or CODE: no encoders for this base (base.align)");
  }
}
