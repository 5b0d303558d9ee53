package dev.millrace.model.swap;

import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.LoadedAdapter;
import org.jspecify.annotations.Nullable;

/** The base alone, which is never freed here. */
record BaseLease(BaseModel base) implements Lease {

  @Override
  public LoadedAdapter adapter() {
    return base.noAdapter();
  }

  @Override
  public @Nullable LiveRelease release() {
    return null;
  }

  @Override
  public void close() {}
}
