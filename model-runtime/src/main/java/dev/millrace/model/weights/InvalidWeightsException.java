package dev.millrace.model.weights;

import org.jspecify.annotations.Nullable;

/**
 * A weights file breaks a promise of its format; the message names tensor, value and expectation.
 */
public final class InvalidWeightsException extends RuntimeException {
  private static final int MAX_LENGTH = 1_000;

  public InvalidWeightsException(String message) {
    this(message, null);
  }

  /** A hostile file does not decide how long the message gets. */
  InvalidWeightsException(String message, @Nullable Throwable cause) {
    super(message.substring(0, Math.min(message.length(), MAX_LENGTH)), cause);
  }
}
