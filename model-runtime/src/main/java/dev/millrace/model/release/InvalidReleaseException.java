package dev.millrace.model.release;

import dev.millrace.schema.wire.Shortened;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A release that must not be served; the message says why. */
public final class InvalidReleaseException extends RuntimeException {

  /** Characters of a reason. It becomes part of records, and names what strangers wrote. */
  public static final int MOST_SAID = 2_000;

  public InvalidReleaseException(String reason) {
    super(cut(reason));
  }

  public InvalidReleaseException(@Nullable String reason, Throwable cause) {
    super(cut(String.valueOf(reason)), cause);
  }

  /**
   * Refuses a release of which one thing is not as an event or a base says.
   *
   * @throws InvalidReleaseException naming what it is and what was expected
   */
  public static void requireEqual(String what, @Nullable Object found, @Nullable Object expected) {
    if (!Objects.equals(found, expected)) {
      throw new InvalidReleaseException(what + " is " + found + ", expected " + expected);
    }
  }

  /** A reason, or its beginning where it is longer than a record should hold. */
  public static String cut(String reason) {
    return Shortened.of(reason, MOST_SAID);
  }
}
