package dev.millrace.model.config;

import org.jspecify.annotations.Nullable;

/** A JSON configuration that cannot be honoured; the message names field, value and expectation. */
public final class InvalidConfigException extends RuntimeException {
  private static final int MAX_LENGTH = 1_000;

  public InvalidConfigException(String message) {
    this(message, null);
  }

  /** A hostile file does not decide how long the message gets. */
  public InvalidConfigException(String message, @Nullable Throwable cause) {
    super(message.substring(0, Math.min(message.length(), MAX_LENGTH)), cause);
  }
}
