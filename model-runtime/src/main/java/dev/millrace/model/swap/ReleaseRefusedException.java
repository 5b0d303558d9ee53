package dev.millrace.model.swap;

import java.io.IOException;

/** A release that was read whole and still must not serve here. */
final class ReleaseRefusedException extends IOException {

  ReleaseRefusedException(String message) {
    super(message);
  }
}
