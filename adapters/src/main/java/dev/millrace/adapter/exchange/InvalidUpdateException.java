package dev.millrace.adapter.exchange;

/** Bytes that are no update; the message says what was expected. */
public final class InvalidUpdateException extends RuntimeException {
  public InvalidUpdateException(String message) {
    super(message);
  }
}
