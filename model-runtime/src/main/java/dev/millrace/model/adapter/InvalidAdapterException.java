package dev.millrace.model.adapter;

import org.jspecify.annotations.Nullable;

/** An adapter that cannot be honoured; the message names what, its value and what was expected. */
public final class InvalidAdapterException extends RuntimeException {
  public InvalidAdapterException(String message) {
    super(message);
  }

  public InvalidAdapterException(@Nullable String message, Throwable cause) {
    super(message, cause);
  }
}
