package dev.millrace.model.swap;

import dev.millrace.model.align.AlignAdapter;
import dev.millrace.model.align.AlignRelease;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.LoadedAdapter;
import dev.millrace.model.release.Manifest;
import dev.millrace.model.swap.SwapResult.Outcome;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Kind;
import java.io.IOException;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/**
 * Alignments beside the adapters: all of them small, and always in memory. One thread fetches and
 * changes, and the switch replaces one reference to a map that never changes.
 */
final class AligningReleases implements LiveReleases {

  private final LiveReleases adapters;
  private final AlignmentSource source;
  private final ExecutorService swapper =
      Executors.newSingleThreadExecutor(t -> Threads.daemon(t, "millrace-align"));

  /** What each alias follows; touched by the swapper's thread alone. */
  private final Map<Alias, ReleaseEvent> followed = new HashMap<>();

  private volatile Map<Alias, Aligned> live = Map.of();

  AligningReleases(LiveReleases adapters, AlignmentSource source) {
    this.adapters = adapters;
    this.source = source;
  }

  /**
   * What places pictures and sounds of an alias.
   *
   * @param missing why it cannot, as an answer's error; null if it can
   */
  private record Aligned(LiveRelease about, AlignAdapter adapter, @Nullable String missing) {}

  /** The base, with where its encoders see things by an alignment. */
  private record AlignedLease(BaseModel base, LiveRelease about, AlignAdapter alignment)
      implements Lease {

    @Override
    public LoadedAdapter adapter() {
      return base.noAdapter();
    }

    @Override
    public LiveRelease release() {
      return about;
    }

    @Override
    public void close() {}
  }

  @Override
  public CompletableFuture<SwapResult> apply(ReleaseEvent event, long readMillis) {
    return event.kind() == Kind.ALIGNMENT
        ? CompletableFuture.supplyAsync(
            () -> new Prepared(event, readMillis, false).followed(), swapper)
        : adapters.apply(event, readMillis);
  }

  @Override
  public CompletableFuture<Staged> stage(ReleaseEvent event, long readMillis) {
    return event.kind() == Kind.ALIGNMENT
        ? CompletableFuture.supplyAsync(() -> new Prepared(event, readMillis, false), swapper)
        : adapters.stage(event, readMillis);
  }

  @Override
  public CompletableFuture<SwapResult> restore(ReleaseEvent event, long readMillis) {
    return event.kind() == Kind.ALIGNMENT
        ? CompletableFuture.supplyAsync(
            () -> new Prepared(event, readMillis, true).followed(), swapper)
        : adapters.restore(event, readMillis);
  }

  @Override
  public CompletableFuture<Lease> aligned(@Nullable String tenant, @Nullable String domain) {
    Map<Alias, Aligned> now = live;
    Aligned own = domain == null ? null : now.get(new Alias(tenant, domain));
    Aligned found = own == null && domain != null ? now.get(new Alias(null, domain)) : own;
    if (found == null) {
      return CompletableFuture.completedFuture(base());
    }
    return found.missing() == null
        ? CompletableFuture.completedFuture(
            new AlignedLease(base().base(), found.about(), found.adapter()))
        : CompletableFuture.failedFuture(new ReleaseRefusedException(found.missing()));
  }

  /** An event and what it names, fetched on the swapper's thread. */
  private final class Prepared implements Staged {

    private final long start = System.nanoTime();
    private final ReleaseEvent event;
    private final Alias alias;
    private final @Nullable SwapResult problem;
    private @Nullable Aligned aligned;
    private final double millis;

    /**
     * @param lost whether what cannot be fetched is followed all the same, and said in answers: it
     *     was live before this process began
     */
    Prepared(ReleaseEvent event, long readMillis, boolean lost) {
      this.event = event;
      this.alias = Alias.of(event);
      this.problem = prepare(readMillis, lost);
      this.millis = elapsed();
    }

    private @Nullable SwapResult prepare(long readMillis, boolean lost) {
      String ignored = SwapRule.reasonNotToFollow(event, followed.get(alias));
      if (ignored != null) {
        return new SwapResult(event, Outcome.IGNORED, ignored, elapsed());
      }
      if (event.release().isEmpty()) {
        return null;
      }
      try {
        AlignRelease release = source.fetch(event);
        requireBatch(release.manifest());
        aligned = new Aligned(about(release.manifest(), readMillis), release.adapter(), null);
        return null;
      } catch (IOException | RuntimeException e) {
        String why = String.valueOf(ReleaseRefusedException.because(e).getMessage());
        if (!lost) {
          return new SwapResult(event, Outcome.FAILED, why, elapsed());
        }
        aligned = new Aligned(about(null, readMillis), AlignAdapter.NONE, why);
        return null;
      }
    }

    private void requireBatch(Manifest manifest) throws ReleaseRefusedException {
      if (manifest.batch() != event.batch()) {
        throw new ReleaseRefusedException(
            "batch-mismatch: release of batch " + manifest.batch() + ", expected " + event.batch());
      }
    }

    private LiveRelease about(@Nullable Manifest manifest, long readMillis) {
      return new LiveRelease(
          event.tenant(),
          event.domain(),
          event.release(),
          event.parent(),
          event.batch(),
          manifest == null ? List.of() : manifest.learnedTo(),
          readMillis);
    }

    private double elapsed() {
      return (System.nanoTime() - start) / 1e6;
    }

    /** The second half, on the swapper's thread. */
    private SwapResult followed() {
      if (problem != null) {
        return problem;
      }
      Map<Alias, Aligned> next = new HashMap<>(live);
      if (aligned == null) {
        next.remove(alias);
      } else {
        next.put(alias, aligned);
      }
      live = Collections.unmodifiableMap(next); // the switch: one write of one reference
      followed.put(alias, SwapRule.followed(event, followed.get(alias)));
      return new SwapResult(event, Outcome.SWAPPED, "", elapsed());
    }

    @Override
    public ReleaseEvent event() {
      return event;
    }

    @Override
    public @Nullable SwapResult problem() {
      return problem;
    }

    @Override
    public double millis() {
      return millis;
    }

    @Override
    public CompletableFuture<SwapResult> activate() {
      return CompletableFuture.supplyAsync(this::followed, swapper);
    }

    @Override
    public void close() {}
  }

  @Override
  public CompletableFuture<Lease> acquire(
      @Nullable String tenant, @Nullable String domain, long caller) {
    return adapters.acquire(tenant, domain, caller);
  }

  @Override
  public @Nullable Lease peek(@Nullable String tenant, @Nullable String domain, long caller) {
    return adapters.peek(tenant, domain, caller);
  }

  @Override
  public Lease base() {
    return adapters.base();
  }

  @Override
  public CompletableFuture<Lease> assign(@Nullable String tenant, int[] text, long caller) {
    return adapters.assign(tenant, text, caller);
  }

  @Override
  public CompletableFuture<Lease> acquirePinned(@Nullable String tenant, String release) {
    return adapters.acquirePinned(tenant, release);
  }

  @Override
  public HotCounts counts() {
    return adapters.counts();
  }

  @Override
  public void close() {
    Threads.end(swapper);
    adapters.close();
  }
}
