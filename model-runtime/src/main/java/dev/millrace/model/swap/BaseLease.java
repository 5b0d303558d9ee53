package dev.millrace.model.swap;

import dev.millrace.model.align.AlignAdapter;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.LoadedAdapter;
import org.jspecify.annotations.Nullable;

/** A base with what stays as long as it is open: none of it is freed here. */
record BaseLease(
    BaseModel base, LoadedAdapter adapter, @Nullable LiveRelease release, AlignAdapter alignment)
    implements Lease {

  /** The base alone. */
  BaseLease(BaseModel base) {
    this(base, base.noAdapter(), null, AlignAdapter.NONE);
  }

  /** The same for who is to say what answers. */
  BaseLease(BaseModel base, LiveRelease release, AlignAdapter alignment) {
    this(base, base.noAdapter(), release, alignment);
  }

  @Override
  public void close() {}
}
