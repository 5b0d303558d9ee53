package dev.millrace.model.score;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** A picture or a sound teaches by what it is called. */
final class Captioned implements Stage {

  private static final int LEAST_BYTES = 3;

  @Override
  public @Nullable Refusal check(Candidate candidate, DomainMemory memory) {
    int bytes = candidate.text.strip().getBytes(StandardCharsets.UTF_8).length;
    return bytes >= LEAST_BYTES
        ? null
        : new Refusal(
            Reason.CAPTION_MISSING,
            "caption of %d bytes, expected at least %d".formatted(bytes, LEAST_BYTES));
  }
}
