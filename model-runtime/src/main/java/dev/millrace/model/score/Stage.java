package dev.millrace.model.score;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** One step of the cascade. */
@FunctionalInterface
interface Stage {

  /** Why the candidate goes no further; null if it does. */
  @Nullable Refusal check(Candidate candidate, DomainMemory memory);

  /** A reason, with the offending value and what was expected. */
  record Refusal(Reason reason, String detail) {

    /** With the detail's values in it. */
    static Refusal of(Reason reason, String detail, Object... values) {
      return new Refusal(reason, String.format(Locale.ROOT, detail, values));
    }
  }
}
