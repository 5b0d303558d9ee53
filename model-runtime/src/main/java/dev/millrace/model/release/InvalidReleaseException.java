package dev.millrace.model.release;

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

  /** A reason, or its beginning where it is longer than a record should hold. */
  public static String cut(String reason) {
    return reason.length() <= MOST_SAID ? reason : reason.substring(0, MOST_SAID) + "…";
  }
}
