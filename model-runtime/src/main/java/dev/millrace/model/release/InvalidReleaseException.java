package dev.millrace.model.release;

import org.jspecify.annotations.Nullable;

/** A release that must not be served; the message says why. */
public final class InvalidReleaseException extends RuntimeException {
  public InvalidReleaseException(String reason) {
    super(reason);
  }

  public InvalidReleaseException(@Nullable String reason, Throwable cause) {
    super(reason, cause);
  }
}
