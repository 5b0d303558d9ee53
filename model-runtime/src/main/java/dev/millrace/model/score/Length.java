package dev.millrace.model.score;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Neither too short to teach nor too long to handle. */
record Length(ShapeLimits limits) implements Stage {

  @Override
  public @Nullable Refusal check(Candidate candidate, DomainMemory memory) {
    int bytes = candidate.text.getBytes(StandardCharsets.UTF_8).length;
    if (bytes < limits.minBytes()) {
      return new Refusal(
          Reason.TOO_SHORT, bytes + " bytes, expected at least " + limits.minBytes());
    }
    if (bytes > limits.maxBytes()) {
      return new Refusal(Reason.TOO_LONG, bytes + " bytes, expected at most " + limits.maxBytes());
    }
    return null;
  }
}
