package dev.millrace.model.weights;

/**
 * A weights file breaks a promise of its format; the message names tensor, value and expectation.
 */
public final class InvalidWeightsException extends RuntimeException {
  public InvalidWeightsException(String message) {
    super(message);
  }

  InvalidWeightsException(String message, Throwable cause) {
    super(message, cause);
  }
}
