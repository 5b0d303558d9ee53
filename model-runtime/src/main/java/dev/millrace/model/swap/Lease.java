package dev.millrace.model.swap;

import dev.millrace.model.align.AlignAdapter;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.LoadedAdapter;
import org.jspecify.annotations.Nullable;

/** Holds one release in memory while a request is being answered by it. */
public interface Lease extends AutoCloseable {

  LoadedAdapter adapter();

  /** The base that carries the adapter. */
  BaseModel base();

  /** The release; null where the base alone answers. */
  @Nullable LiveRelease release();

  /** What the release adds to the encoders of the base; nothing where it is no alignment. */
  default AlignAdapter alignment() {
    return AlignAdapter.NONE;
  }

  /** Gives the release back; closing twice does nothing more. */
  @Override
  void close();
}
