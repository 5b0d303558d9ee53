package dev.millrace.model.swap;

import dev.millrace.model.assign.Profile;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.LoadedAdapter;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A release in native memory, freed when the last of its holders lets go; its maker is the first.
 */
final class LoadedRelease {

  private final LiveRelease about;
  private final BaseModel base;
  private final LoadedAdapter adapter;
  private final @Nullable Profile profile;
  private final AtomicInteger holders = new AtomicInteger(1);

  LoadedRelease(
      LiveRelease about, BaseModel base, LoadedAdapter adapter, @Nullable Profile profile) {
    this.about = about;
    this.base = base;
    this.adapter = adapter;
    this.profile = profile;
  }

  LiveRelease about() {
    return about;
  }

  Alias alias() {
    return new Alias(about.tenant(), about.domain());
  }

  /** What its domain's texts look like; null if nobody knows. */
  @Nullable Profile profile() {
    return profile;
  }

  /** One more holder; false if it was freed already. */
  boolean retain() {
    return holders.getAndUpdate(n -> n == 0 ? 0 : n + 1) > 0;
  }

  void release() {
    if (holders.decrementAndGet() == 0) {
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
