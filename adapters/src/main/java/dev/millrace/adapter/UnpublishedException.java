package dev.millrace.adapter;

import java.io.UncheckedIOException;
import java.util.function.Supplier;

/** What was learned, and only its release could not be published now. */
public final class UnpublishedException extends UncheckedIOException {
  private static final long serialVersionUID = 1;

  private final transient Supplier<Outcome> again;

  /**
   * @param failure of the store
   * @param again publishes it
   */
  public UnpublishedException(UncheckedIOException failure, Supplier<Outcome> again) {
    super(failure.getMessage(), failure.getCause());
    this.again = again;
  }

  /**
   * Publishes it, and gives what was learned.
   *
   * @throws UnpublishedException if that fails again
   */
  public Outcome publish() {
    return again.get();
  }
}
