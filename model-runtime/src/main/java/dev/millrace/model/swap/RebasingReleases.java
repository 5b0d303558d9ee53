package dev.millrace.model.swap;

import dev.millrace.model.align.AlignAdapter;
import dev.millrace.model.release.Manifest;
import dev.millrace.model.swap.SwapResult.Outcome;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Kind;
import dev.millrace.schema.ReleaseLine;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A base that is released like an adapter. With one write of one reference it answers where no
 * release does, and in place of the releases that it was taught, and what was brought to it answers
 * on it in place of what that came of; every other release goes on answering on the base that it
 * was trained on.
 */
final class RebasingReleases implements LiveReleases {

  private final LiveReleases releases;
  private final BaseSource source;
  private final EventLine<Current> line =
      new EventLine<>("millrace-base", this::fetch, Current::unread, (event, now) -> take(now));

  /** Whoever holds a domain gets its own release: its last order pins, whatever came since. */
  private final Set<ReleaseLine> held = ConcurrentHashMap.newKeySet();

  private volatile @Nullable Current current;

  RebasingReleases(LiveReleases releases, BaseSource source) {
    this.releases = releases;
    this.source = source;
  }

  /**
   * A released base that answers.
   *
   * @param opened null if it was live before this process began, and cannot be fetched
   * @param missing why, as an answer's error
   */
  private record Current(
      ReleaseEvent event, long readMillis, @Nullable NewBase opened, String missing) {

    static Current unread(ReleaseEvent event, long readMillis, String why) {
      return new Current(event, readMillis, null, why);
    }

    Lease lease(NewBase on, Rebased rebased) {
      return new BaseLease(
          on.base(), rebased.adapter(), rebased.about(readMillis), AlignAdapter.NONE);
    }

    LiveRelease about(String domain, @Nullable LiveRelease before) {
      return new LiveRelease(
          null,
          domain,
          event.release(),
          before == null ? event.batch() : before.batch(),
          before == null ? List.of() : before.learnedTo(),
          readMillis);
    }
  }

  /**
   * Whoever configures another base, and has state of before, wants the one that is configured.
   * What was live before and cannot be fetched is tried again by the first request that needs it.
   */
  private @Nullable Current fetch(ReleaseEvent event, long readMillis, boolean restored)
      throws IOException {
    NewBase opened = source.open(event);
    if (opened == null && !restored) {
      throw new ReleaseRefusedException(
          "base-mismatch: base release %s takes the place of another base than that of base.dir"
              .formatted(event.release()));
    }
    return opened == null ? null : new Current(event, readMillis, opened, "");
  }

  private void take(@Nullable Current fetched) {
    current = fetched; // the switch: one write of one reference
  }

  /** The lease that answers in place of another, by a base that is open. */
  private Lease instead(Lease lease, Current now, NewBase opened) {
    LiveRelease about = lease.release();
    if (about == null) {
      lease.close();
      return new BaseLease(opened.base());
    }
    if (held.contains(new ReleaseLine(about.tenant(), about.domain(), Kind.ADAPTER))) {
      return lease;
    }
    Rebased rebased = opened.rebased().get(about.release());
    if (rebased != null) {
      lease.close();
      return now.lease(opened, rebased);
    }
    if (about.tenant() != null || !about.release().equals(opened.taught().get(about.domain()))) {
      return lease;
    }
    lease.close();
    return new BaseLease(opened.base(), now.about(about.domain(), about), AlignAdapter.NONE);
  }

  /** What answers now; the lease itself while the base that should is missing. */
  private Lease now(Lease lease) {
    Current now = current;
    NewBase opened = now == null ? null : now.opened();
    return now == null || opened == null ? lease : instead(lease, now, opened);
  }

  private boolean isMissing() {
    Current now = current;
    return now != null && now.opened() == null;
  }

  /** While the base is missing, releases answer on the bases that they were trained on. */
  private CompletableFuture<Lease> answering(CompletableFuture<Lease> found) {
    Current now = current;
    if (now == null || now.opened() != null) {
      return found.thenApply(this::now);
    }
    CompletableFuture<@Nullable Void> tried = line.tried(Alias.of(now.event()));
    return found.thenCompose(
        lease ->
            lease.release() != null
                ? CompletableFuture.completedFuture(now(lease))
                : tried.handle((done, failure) -> unlessMissing(lease)));
  }

  private Lease unlessMissing(Lease lease) {
    Current now = current;
    if (now == null || now.opened() != null) {
      return now(lease);
    }
    lease.close();
    throw new CompletionException(new ReleaseRefusedException(now.missing()));
  }

  private SwapResult noted(SwapResult result) {
    ReleaseEvent event = result.event();
    if (result.outcome() == Outcome.SWAPPED && event.kind() == Kind.ADAPTER) {
      if (event.pins()) {
        held.add(event.line());
      } else if (event.isOrder()) {
        held.remove(event.line());
      }
    }
    return result;
  }

  @Override
  public CompletableFuture<SwapResult> apply(ReleaseEvent event, long readMillis) {
    return event.kind() == Kind.BASE
        ? line.apply(event, readMillis)
        : releases.apply(event, readMillis).thenApply(this::noted);
  }

  @Override
  public CompletableFuture<Staged> stage(ReleaseEvent event, long readMillis) {
    return event.kind() == Kind.BASE
        ? line.stage(event, readMillis)
        : releases.stage(event, readMillis).thenApply(Noted::new);
  }

  @Override
  public CompletableFuture<SwapResult> restore(ReleaseEvent event, long readMillis) {
    return event.kind() == Kind.BASE
        ? line.restore(event, readMillis)
        : releases.restore(event, readMillis).thenApply(this::noted);
  }

  /** A staged adapter, of whose activation this hears. */
  private final class Noted implements Staged {

    private final Staged staged;

    Noted(Staged staged) {
      this.staged = staged;
    }

    @Override
    public ReleaseEvent event() {
      return staged.event();
    }

    @Override
    public @Nullable SwapResult problem() {
      return staged.problem();
    }

    @Override
    public String missing() {
      return staged.missing();
    }

    @Override
    public double millis() {
      return staged.millis();
    }

    @Override
    public CompletableFuture<SwapResult> activate() {
      return staged.activate().thenApply(RebasingReleases.this::noted);
    }

    @Override
    public void close() {
      staged.close();
    }
  }

  @Override
  public CompletableFuture<Lease> acquire(
      @Nullable String tenant, @Nullable String domain, long caller) {
    return answering(releases.acquire(tenant, domain, caller));
  }

  @Override
  public @Nullable Lease peek(@Nullable String tenant, @Nullable String domain, long caller) {
    Lease lease = releases.peek(tenant, domain, caller);
    if (lease != null && lease.release() == null && isMissing()) {
      lease.close();
      return null;
    }
    return lease == null ? null : now(lease);
  }

  @Override
  public Lease base() {
    return now(releases.base());
  }

  @Override
  public CompletableFuture<Lease> assign(@Nullable String tenant, int[] text, long caller) {
    return answering(releases.assign(tenant, text, caller));
  }

  @Override
  public CompletableFuture<Lease> acquirePinned(@Nullable String tenant, String release) {
    Current now = current;
    NewBase opened = now == null ? null : now.opened();
    if (now == null || opened == null) {
      return releases.acquirePinned(tenant, release);
    }
    if (now.event().release().equals(release)) {
      return CompletableFuture.completedFuture(
          new BaseLease(opened.base(), now.about(now.event().domain(), null), AlignAdapter.NONE));
    }
    Rebased rebased = opened.named(release);
    return rebased != null && mayRead(tenant, rebased)
        ? named(tenant, rebased, now, opened)
        : releases.acquirePinned(tenant, release);
  }

  private static boolean mayRead(@Nullable String tenant, Rebased rebased) {
    String owner = rebased.manifest().tenant();
    return owner == null || owner.equals(tenant);
  }

  /**
   * As long as its domain is where it came from: what that was taken back from may be forgotten.
   */
  private CompletableFuture<Lease> named(
      @Nullable String tenant, Rebased rebased, Current now, NewBase opened) {
    Manifest manifest = rebased.manifest();
    return releases
        .acquire(manifest.tenant(), manifest.domain())
        .thenCompose(
            lease -> {
              LiveRelease live = lease.release();
              lease.close();
              return live != null && live.release().equals(manifest.parent())
                  ? CompletableFuture.completedFuture(now.lease(opened, rebased))
                  : releases.acquirePinned(tenant, rebased.release());
            });
  }

  @Override
  public CompletableFuture<Lease> aligned(@Nullable String tenant, @Nullable String domain) {
    return releases.aligned(tenant, domain);
  }

  @Override
  public HotCounts counts() {
    return releases.counts();
  }

  @Override
  public List<SwapResult> lost() {
    return releases.lost();
  }

  @Override
  public void close() {
    source.stop();
    line.stop();
    releases.close(); // before a base is waited for, or they went on to load
    line.close();
  }
}
