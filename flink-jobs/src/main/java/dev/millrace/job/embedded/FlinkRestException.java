package dev.millrace.job.embedded;

import java.io.Serial;

/** A Flink cluster did not do what it was asked to; the message is one line for a person. */
public final class FlinkRestException extends RuntimeException {

  @Serial private static final long serialVersionUID = 1;

  FlinkRestException(String message) {
    super(message);
  }

  FlinkRestException(String message, Throwable cause) {
    super(message, cause);
  }
}
