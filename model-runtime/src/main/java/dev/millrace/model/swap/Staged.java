package dev.millrace.model.swap;

import dev.millrace.schema.ReleaseEvent;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A release event that is ready to take effect, or why it is not. It holds what it loaded. */
public interface Staged extends AutoCloseable {

  ReleaseEvent event();

  /** Why it cannot take effect, passed over or failed; null if it can. */
  @Nullable SwapResult problem();

  /** Why it answers nobody at first when it takes effect; empty if it is loaded. */
  String missing();

  /** From the start of the fetch until it was ready, milliseconds. */
  double millis();

  /** Replaces one reference, and lets go; the future never fails. */
  CompletableFuture<SwapResult> activate();

  /** Lets go of what was loaded, unless it took effect. */
  @Override
  void close();
}
