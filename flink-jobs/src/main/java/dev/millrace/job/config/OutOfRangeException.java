package dev.millrace.job.config;

import java.io.Serial;

/** A value of the right type that cannot be used; the message says what can. */
final class OutOfRangeException extends IllegalArgumentException {

  @Serial private static final long serialVersionUID = 1;

  OutOfRangeException(String expected) {
    super(expected);
  }
}
