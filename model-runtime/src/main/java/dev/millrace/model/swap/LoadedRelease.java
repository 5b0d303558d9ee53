package dev.millrace.model.swap;

import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.LoadedAdapter;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A release in native memory, freed when the last of its holders lets go; its maker is the first.
 */
final class LoadedRelease {

  private final LiveRelease about;
  private final BaseModel base;
  private final LoadedAdapter adapter;
  private final long bytes;
  private final Consumer<LoadedRelease> freed;
  private final AtomicInteger holders = new AtomicInteger(1);

  /**
   * @param bytes of the adapter
   * @param freed is told when it is gone
   */
  LoadedRelease(
      LiveRelease about,
      BaseModel base,
      LoadedAdapter adapter,
      long bytes,
      Consumer<LoadedRelease> freed) {
    this.about = about;
    this.base = base;
    this.adapter = adapter;
    this.bytes = bytes;
    this.freed = freed;
  }

  LiveRelease about() {
    return about;
  }

  Alias alias() {
    return new Alias(about.tenant(), about.domain());
  }

  BaseModel base() {
    return base;
  }

  LoadedAdapter adapter() {
    return adapter;
  }

  /** Native memory that it takes. */
  long bytes() {
    return bytes;
  }

  /** One more holder; false if it was freed already. */
  boolean retain() {
    return holders.getAndUpdate(n -> n == 0 ? 0 : n + 1) > 0;
  }

  void release() {
    if (holders.decrementAndGet() == 0) {
      freed.accept(this);
      adapter.close();
    }
  }

  /** A lease; null if it was freed already. */
  @Nullable Lease lease() {
    return retain() ? new Held() : null;
  }

  private final class Held implements Lease {

    private final AtomicBoolean open = new AtomicBoolean(true);

    @Override
    public LoadedAdapter adapter() {
      return adapter;
    }

    @Override
    public BaseModel base() {
      return base;
    }

    @Override
    public LiveRelease release() {
      return about;
    }

    @Override
    public void close() {
      if (open.compareAndSet(true, false)) {
        LoadedRelease.this.release();
      }
    }
  }
}
