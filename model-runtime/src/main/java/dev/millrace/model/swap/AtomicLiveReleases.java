package dev.millrace.model.swap;

import dev.millrace.model.base.BaseModel;
import dev.millrace.model.swap.SwapResult.Outcome;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * All aliases in one immutable map behind one volatile reference. One thread does all that changes:
 * events apply in order, and nothing is staged twice at once. Others fetch what is asked for and is
 * not in memory.
 */
final class AtomicLiveReleases implements LiveReleases {

  private final BaseLease baseAlone;
  private final ReleaseLoader loader;
  private final KnownReleases known;
  private final HotReleases hot;
  private final ExecutorService swapper;

  /** What each alias follows; touched by the swapper's thread alone. */
  private final Map<Alias, Registered> followed = new HashMap<>();

  private volatile Live live = Live.NOTHING;

  AtomicLiveReleases(List<BaseModel> bases, ReleaseSource source, SwapConfig config) {
    this.baseAlone = new BaseLease(bases.get(0));
    this.loader = new ReleaseLoader(bases, source);
    this.known = new KnownReleases(config.known());
    this.hot = new HotReleases(loader, config, this::place);
    this.swapper = Executors.newSingleThreadExecutor(t -> Threads.daemon(t, "millrace-swap"));
  }

  @Override
  public CompletableFuture<SwapResult> apply(ReleaseEvent event, long readMillis) {
    return CompletableFuture.supplyAsync(() -> swap(event, readMillis, true), swapper);
  }

  @Override
  public CompletableFuture<SwapResult> restore(ReleaseEvent event, long readMillis) {
    return CompletableFuture.supplyAsync(() -> swap(event, readMillis, false), swapper);
  }

  @Override
  public Lease base() {
    return baseAlone;
  }

  @Override
  public CompletableFuture<Lease> acquire(
      @Nullable String tenant, @Nullable String domain, long caller) {
    return lease(answering(live, tenant, domain, caller));
  }

  @Override
  public @Nullable Lease peek(@Nullable String tenant, @Nullable String domain, long caller) {
    Registered found = answering(live, tenant, domain, caller);
    return found == null ? baseAlone : hot.peek(found);
  }

  private static @Nullable Registered answering(
      Live now, @Nullable String tenant, @Nullable String domain, long caller) {
    if (domain == null) {
      return null;
    }
    Registered own = now.to(new Alias(tenant, domain), caller);
    return own != null ? own : now.to(new Alias(null, domain), caller);
  }

  /** What answers for its alias; null is the base. */
  private CompletableFuture<Lease> lease(@Nullable Registered answering) {
    return answering == null ? CompletableFuture.completedFuture(baseAlone) : hot.lease(answering);
  }

  @Override
  public CompletableFuture<Lease> assign(@Nullable String tenant, int[] text, long caller) {
    Live now = live;
    Visible visible = Visible.to(tenant, now.releases());
    CompletableFuture<?>[] unread =
        visible.releases().values().stream()
            .filter(release -> !release.isRead())
            .map(hot::read)
            .toArray(CompletableFuture<?>[]::new);
    return CompletableFuture.allOf(unread)
        .thenCompose(
            all -> {
              Registered assigned = visible.assigned(text);
              return lease(assigned == null ? null : now.to(assigned.alias(), caller));
            });
  }

  @Override
  public CompletableFuture<Lease> acquirePinned(@Nullable String tenant, String release) {
    Registered found = known.get(release);
    if (found == null) {
      return CompletableFuture.supplyAsync(() -> find(tenant, release), swapper)
          .thenCompose(hot::lease);
    }
    return mayRead(tenant, found.event())
        ? hot.lease(found)
        : CompletableFuture.failedFuture(ReleaseLoader.unknown(release));
  }

  private @Nullable Place place(Alias alias, String release) {
    Registered answering = live.releases().get(alias);
    if (answering != null && answering.release().equals(release)) {
      return Place.answering(alias);
    }
    return known.get(release) == null ? null : new Place(alias, release);
  }

  @Override
  public HotCounts counts() {
    return hot.counts(live.releases().size());
  }

  @Override
  public void close() {
    Threads.end(swapper);
    live = Live.NOTHING;
    hot.close();
  }

  private SwapResult swap(ReleaseEvent event, long readMillis, boolean loads) {
    long start = System.nanoTime();
    Registered current = followed.get(Alias.of(event));
    String ignored = SwapRule.reasonToIgnore(event, current == null ? null : current.event());
    if (ignored != null) {
      return result(event, Outcome.IGNORED, ignored, start);
    }
    try {
      follow(new Registered(event, readMillis), loads);
      return result(event, Outcome.SWAPPED, "", start);
    } catch (IOException | RuntimeException e) {
      String why = String.valueOf(ReleaseRefusedException.because(e).getMessage());
      return result(event, Outcome.FAILED, why, start);
    }
  }

  private void follow(Registered next, boolean loads) throws IOException {
    List<LoadedRelease> staged = new ArrayList<>();
    try {
      Live before = live;
      Live now =
          next.event().withheld() > 0
              ? tried(before, next, staged)
              : before.with(next.alias(), released(before, next, loads, staged), null);
      live = now; // the switch: one write of one reference
      settle(next, before, now);
      note(next);
    } finally {
      staged.forEach(LoadedRelease::release);
    }
  }

  private void note(Registered next) {
    Registered current = followed.get(next.alias());
    ReleaseEvent head = SwapRule.followed(next.event(), current == null ? null : current.event());
    followed.put(next.alias(), new Registered(head, next.readMillis()));
  }

  /** What an event names: null for the base, and not loaded again if it was on trial. */
  private @Nullable Registered released(
      Live before, Registered next, boolean loads, List<LoadedRelease> staged) throws IOException {
    if (next.release().isEmpty()) {
      return null;
    }
    Trial trial = before.trials().get(next.alias());
    if (trial != null && trial.release().release().equals(next.release())) {
      return trial.release();
    }
    if (loads) {
      staged.add(hot.stage(next));
    }
    return next;
  }

  /** Beside what answers now: a reader that comes late finds it as the parent. */
  private Live tried(Live before, Registered next, List<LoadedRelease> staged) throws IOException {
    staged.add(hot.stage(next));
    Registered now = before.releases().get(next.alias());
    String parent = next.event().parent();
    if (now == null && parent != null) {
      now = loader.find(List.of(next), parent);
      staged.add(hot.stage(now));
    }
    return before.with(next.alias(), now, new Trial(next, next.event().withheld()));
  }

  /** What does not answer any more stays within reach for those who name it. */
  private void settle(Registered next, Live before, Live now) {
    Alias alias = next.alias();
    if (!next.release().isEmpty()) {
      known.add(next);
    }
    if (next.event().action() == Action.FORGET) {
      known.forget(alias);
      hot.forget(alias);
      return;
    }
    Trial tried = before.trials().get(alias);
    Stream.of(before.releases().get(alias), tried == null ? null : tried.release())
        .filter(Objects::nonNull)
        .forEach(hot::settle);
    Registered answering = now.releases().get(alias);
    if (answering != null) {
      hot.settle(answering);
    }
    hot.settle(next);
  }

  /** What was published before this process began lies beside what is followed. */
  private Registered find(@Nullable String tenant, String release) {
    List<Registered> relatives =
        followed.values().stream()
            .filter(relative -> mayRead(tenant, relative.event()))
            .filter(relative -> relative.event().action() != Action.FORGET)
            .toList();
    try {
      Registered found = loader.find(relatives, release);
      known.add(found);
      return found;
    } catch (IOException e) {
      throw new CompletionException(e);
    }
  }

  private static boolean mayRead(@Nullable String tenant, ReleaseEvent event) {
    return event.tenant() == null || event.tenant().equals(tenant);
  }

  private static SwapResult result(
      ReleaseEvent event, Outcome outcome, String reason, long startNanos) {
    return new SwapResult(event, outcome, reason, (System.nanoTime() - startNanos) / 1e6);
  }
}
