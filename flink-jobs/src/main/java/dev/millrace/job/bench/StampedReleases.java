package dev.millrace.job.bench;

import dev.millrace.model.swap.HotCounts;
import dev.millrace.model.swap.Lease;
import dev.millrace.model.swap.LiveReleases;
import dev.millrace.model.swap.Staged;
import dev.millrace.model.swap.SwapResult;
import dev.millrace.schema.ReleaseEvent;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Releases that leave a stamp when they answer. */
record StampedReleases(LiveReleases live) implements LiveReleases {

  @Override
  public CompletableFuture<SwapResult> apply(ReleaseEvent event, long readMillis) {
    return live.apply(event, readMillis)
        .thenApply(
            result -> {
              if (result.outcome() == SwapResult.Outcome.SWAPPED) {
                Stamps.switched(event.release());
              }
              return result;
            });
  }

  @Override
  public CompletableFuture<Staged> stage(ReleaseEvent event, long readMillis) {
    return live.stage(event, readMillis);
  }

  @Override
  public CompletableFuture<SwapResult> restore(ReleaseEvent event, long readMillis) {
    return live.restore(event, readMillis);
  }

  @Override
  public CompletableFuture<Lease> acquire(
      @Nullable String tenant, @Nullable String domain, long caller) {
    return live.acquire(tenant, domain, caller);
  }

  @Override
  public @Nullable Lease peek(@Nullable String tenant, @Nullable String domain, long caller) {
    return live.peek(tenant, domain, caller);
  }

  @Override
  public Lease base() {
    return live.base();
  }

  @Override
  public CompletableFuture<Lease> assign(@Nullable String tenant, int[] text, long caller) {
    return live.assign(tenant, text, caller);
  }

  @Override
  public CompletableFuture<Lease> acquirePinned(@Nullable String tenant, String release) {
    return live.acquirePinned(tenant, release);
  }

  @Override
  public CompletableFuture<Lease> aligned(@Nullable String tenant, @Nullable String domain) {
    return live.aligned(tenant, domain);
  }

  @Override
  public HotCounts counts() {
    return live.counts();
  }

  @Override
  public void close() {
    live.close();
  }
}
