package dev.millrace.model.config;

/** A JSON configuration that cannot be honoured; the message names field, value and expectation. */
public final class InvalidConfigException extends RuntimeException {
  public InvalidConfigException(String message) {
    super(message);
  }

  InvalidConfigException(String message, Throwable cause) {
    super(message, cause);
  }
}
