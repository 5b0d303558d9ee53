package dev.millrace.model.swap;

import dev.millrace.model.release.InvalidReleaseException;
import dev.millrace.schema.wire.ErrorLine;
import java.io.IOException;

/** Why a release does not answer here, {@code code: detail}. */
public final class ReleaseRefusedException extends IOException {

  static final String UNREADABLE = "release-unreadable";

  ReleaseRefusedException(String message) {
    super(InvalidReleaseException.cut(message));
  }

  private ReleaseRefusedException(String message, Throwable cause) {
    super(InvalidReleaseException.cut(message), cause);
  }

  /** The same failure with a code before it. */
  static ReleaseRefusedException because(Throwable failure) {
    if (failure instanceof ReleaseRefusedException refused) {
      return refused;
    }
    return failure instanceof InvalidReleaseException
        ? new ReleaseRefusedException("release-invalid: " + failure.getMessage(), failure)
        : new ReleaseRefusedException(UNREADABLE + ": " + ErrorLine.of(failure), failure);
  }
}
