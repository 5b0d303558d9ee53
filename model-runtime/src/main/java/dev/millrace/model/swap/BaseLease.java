package dev.millrace.model.swap;

import dev.millrace.model.base.LoadedAdapter;
import org.jspecify.annotations.Nullable;

/** The base alone, which is never freed here. */
record BaseLease(LoadedAdapter adapter) implements Lease {

  @Override
  public @Nullable LiveRelease release() {
    return null;
  }

  @Override
  public void close() {}
}
