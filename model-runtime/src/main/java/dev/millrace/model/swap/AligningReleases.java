package dev.millrace.model.swap;

import dev.millrace.model.align.AlignAdapter;
import dev.millrace.model.align.AlignRelease;
import dev.millrace.model.release.Manifest;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Kind;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Alignments beside the adapters: all of them small, and always in memory. One thread fetches and
 * changes, and the switch replaces one reference, of one alias. What is followed and cannot be
 * fetched is said in answers, and tried again by the first request that needs it.
 */
final class AligningReleases implements LiveReleases {

  private final LiveReleases adapters;
  private final EventLine<Aligned> line;

  private final Map<Alias, Aligned> live = new ConcurrentHashMap<>();

  private AligningReleases(LiveReleases adapters, EventLine.Fetch<Aligned> fetch) {
    this.adapters = adapters;
    this.line = new EventLine<>("millrace-align", fetch, AligningReleases::unread, this::take);
  }

  static LiveReleases of(LiveReleases adapters, AlignmentSource source) {
    return new AligningReleases(
        adapters, (event, readMillis, restored) -> fetch(source, event, readMillis));
  }

  /** Where there are no encoders: what is followed is not read. */
  static LiveReleases withoutEncoders(LiveReleases adapters) {
    return new AligningReleases(
        adapters, (event, readMillis, restored) -> unread(event, readMillis, null));
  }

  /**
   * What places pictures and sounds of an alias.
   *
   * @param missing why it cannot, as an answer's error; null if it can
   */
  private record Aligned(LiveRelease about, AlignAdapter adapter, @Nullable String missing) {

    Alias alias() {
      return new Alias(about.tenant(), about.domain());
    }
  }

  @Override
  public CompletableFuture<SwapResult> apply(ReleaseEvent event, long readMillis) {
    return event.kind() == Kind.ALIGNMENT
        ? line.apply(event, readMillis)
        : adapters.apply(event, readMillis);
  }

  @Override
  public CompletableFuture<Staged> stage(ReleaseEvent event, long readMillis) {
    return event.kind() == Kind.ALIGNMENT
        ? line.stage(event, readMillis)
        : adapters.stage(event, readMillis);
  }

  @Override
  public CompletableFuture<SwapResult> restore(ReleaseEvent event, long readMillis) {
    return event.kind() == Kind.ALIGNMENT
        ? line.restore(event, readMillis)
        : adapters.restore(event, readMillis);
  }

  @Override
  public CompletableFuture<Lease> aligned(@Nullable String tenant, @Nullable String domain) {
    Aligned found = answering(tenant, domain);
    return found == null || found.missing() == null
        ? CompletableFuture.completedFuture(lease(found))
        : line.tried(found.alias()).handle((done, failure) -> unlessMissing(tenant, domain));
  }

  /** The tenant's own before the shared one; null is the base. */
  private @Nullable Aligned answering(@Nullable String tenant, @Nullable String domain) {
    if (domain == null) {
      return null;
    }
    Aligned own = live.get(new Alias(tenant, domain));
    return own == null ? live.get(new Alias(null, domain)) : own;
  }

  private Lease lease(@Nullable Aligned found) {
    return found == null ? base() : new BaseLease(base().base(), found.about(), found.adapter());
  }

  private Lease unlessMissing(@Nullable String tenant, @Nullable String domain) {
    Aligned found = answering(tenant, domain);
    if (found != null && found.missing() != null) {
      throw new CompletionException(new ReleaseRefusedException(found.missing()));
    }
    return lease(found);
  }

  private static Aligned fetch(AlignmentSource source, ReleaseEvent event, long readMillis)
      throws IOException {
    AlignRelease release = source.fetch(event);
    requireBatch(event, release.manifest());
    LiveRelease about = about(event, release.manifest().learnedTo(), readMillis);
    return new Aligned(about, release.adapter(), null);
  }

  private static Aligned unread(ReleaseEvent event, long readMillis, @Nullable String why) {
    return new Aligned(about(event, List.of(), readMillis), AlignAdapter.NONE, why);
  }

  private static void requireBatch(ReleaseEvent event, Manifest manifest)
      throws ReleaseRefusedException {
    if (manifest.batch() != event.batch()) {
      throw new ReleaseRefusedException(
          "batch-mismatch: release of batch " + manifest.batch() + ", expected " + event.batch());
    }
  }

  private static LiveRelease about(ReleaseEvent event, List<Origin> learnedTo, long readMillis) {
    return new LiveRelease(
        event.tenant(), event.domain(), event.release(), event.batch(), learnedTo, readMillis);
  }

  private void take(ReleaseEvent event, @Nullable Aligned aligned) {
    if (aligned == null) {
      live.remove(Alias.of(event));
    } else {
      live.put(Alias.of(event), aligned); // the switch: one write of one reference
    }
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
  public List<SwapResult> lost() {
    return adapters.lost();
  }

  @Override
  public void close() {
    line.stop();
    adapters.close(); // before an alignment is waited for, or they went on to load
    line.close();
  }
}
