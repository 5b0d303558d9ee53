package dev.millrace.schema.wire;

import java.io.Serializable;
import org.jspecify.annotations.Nullable;

/**
 * What is wrong with a value.
 *
 * @param reason a stable code
 * @param detail the offending value and what was expected
 */
record Problem(String reason, String detail) implements Serializable {

  /** The first that is one; null if none is. */
  static @Nullable Problem first(@Nullable Problem... problems) {
    for (Problem problem : problems) {
      if (problem != null) {
        return problem;
      }
    }
    return null;
  }

  @Override
  public String toString() {
    return reason + ": " + detail;
  }
}
