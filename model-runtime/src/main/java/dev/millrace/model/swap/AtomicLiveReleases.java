package dev.millrace.model.swap;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.DaemonThreads;
import dev.millrace.model.release.ReleaseStep;
import dev.millrace.model.swap.SwapResult.Outcome;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Each alias's release is behind a reference of its own, which one write replaces. One thread does
 * all that changes: events apply in order, and nothing is staged twice at once. Others fetch what
 * is asked for and is not in memory.
 */
final class AtomicLiveReleases implements LiveReleases {

  private static final Duration ABSENT = Duration.ofSeconds(5);

  private final BaseLease baseAlone;
  private final ReleaseLoader loader;
  private final KnownReleases known;
  private final HotReleases hot;
  private final ExecutorService swapper;

  /** What each alias follows; written by the swapper's thread alone. */
  private final Map<Alias, Registered> followed = new ConcurrentHashMap<>();

  /** What answers for each alias; written by the swapper's thread alone. */
  private final Map<Alias, Answering> live = new ConcurrentHashMap<>();

  /** What was looked for a moment ago in vain: who asks for it again and again costs nothing. */
  private final Cache<Asked, Boolean> absent;

  /** What is loaded and has not taken effect. */
  private final Set<Prepared> waiting = ConcurrentHashMap.newKeySet();

  private volatile boolean closing;

  /** A release by its id; a null tenant sees shared ones only. */
  private record Asked(@Nullable String tenant, String release) {}

  /**
   * @param ticker by which what was not there, or could not be read, is looked for again
   */
  AtomicLiveReleases(
      List<BaseModel> bases, ReleaseSource source, SwapConfig config, Ticker ticker) {
    this.baseAlone = new BaseLease(bases.get(0));
    this.loader = new ReleaseLoader(bases, source);
    this.known = new KnownReleases(config.known());
    this.hot = new HotReleases(loader, config, this::place, this::answers, ticker);
    this.absent =
        Caffeine.newBuilder()
            .maximumSize(config.known())
            .expireAfterWrite(ABSENT)
            .ticker(ticker)
            .executor(Runnable::run)
            .build();
    this.swapper = Executors.newSingleThreadExecutor(t -> Threads.patient(t, "millrace-swap"));
  }

  @Override
  public CompletableFuture<SwapResult> apply(ReleaseEvent event, long readMillis) {
    return CompletableFuture.supplyAsync(
        () -> prepare(event, readMillis, true).followed(), swapper);
  }

  @Override
  public CompletableFuture<SwapResult> restore(ReleaseEvent event, long readMillis) {
    return CompletableFuture.supplyAsync(
        () -> prepare(event, readMillis, false).followed(), swapper);
  }

  @Override
  public CompletableFuture<Staged> stage(ReleaseEvent event, long readMillis) {
    return CompletableFuture.supplyAsync(() -> prepare(event, readMillis, true), swapper);
  }

  @Override
  public Lease base() {
    return baseAlone;
  }

  @Override
  public CompletableFuture<Lease> acquire(
      @Nullable String tenant, @Nullable String domain, long caller) {
    if (hot.isClosing()) {
      return CompletableFuture.failedFuture(HotReleases.closed());
    }
    Registered chosen = answering(tenant, domain, caller);
    if (chosen == null) {
      return CompletableFuture.completedFuture(baseAlone);
    }
    CompletableFuture<Lease> lease = hot.lease(tenant, chosen);
    return lease
        .handle((held, lost) -> chosen)
        .thenCompose(asked -> settled(asked, lease, tenant, domain, caller));
  }

  /**
   * What somebody has waited for answers if it still does: it may be forgotten by then. What is on
   * trial and cannot be had leaves its callers to what answers the others.
   *
   * @param lease that is done
   */
  private CompletableFuture<Lease> settled(
      Registered chosen,
      CompletableFuture<Lease> lease,
      @Nullable String tenant,
      @Nullable String domain,
      long caller) {
    boolean lost = lease.isCompletedExceptionally();
    if (chosen != answering(tenant, domain, caller)) {
      CompletableFuture<Lease> now = acquire(tenant, domain, caller);
      return lost ? now : now.whenComplete((held, failure) -> lease.join().close());
    }
    boolean trial = chosen != answering(tenant, domain, Caller.NOBODY);
    return lost && trial ? acquire(tenant, domain, Caller.NOBODY) : lease;
  }

  @Override
  public @Nullable Lease peek(@Nullable String tenant, @Nullable String domain, long caller) {
    Registered found = answering(tenant, domain, caller);
    return found == null ? baseAlone : hot.peek(found);
  }

  private @Nullable Registered answering(
      @Nullable String tenant, @Nullable String domain, long caller) {
    if (domain == null) {
      return null;
    }
    Registered own = answering(new Alias(tenant, domain)).to(caller);
    return own != null ? own : answering(new Alias(null, domain)).to(caller);
  }

  private Answering answering(Alias alias) {
    return live.getOrDefault(alias, Answering.NOTHING);
  }

  @Override
  public CompletableFuture<Lease> assign(@Nullable String tenant, int[] text, long caller) {
    Visible visible = Visible.to(tenant, live);
    CompletableFuture<?>[] unread =
        visible.releases().values().stream()
            .filter(release -> !release.isRead())
            .map(release -> hot.read(tenant, release))
            .toArray(CompletableFuture<?>[]::new);
    return CompletableFuture.allOf(unread)
        .thenCompose(
            all -> {
              Registered assigned = visible.assigned(text);
              return acquire(tenant, assigned == null ? null : assigned.alias().domain(), caller);
            });
  }

  @Override
  public CompletableFuture<Lease> acquirePinned(@Nullable String tenant, String release) {
    long since = known.forgets();
    Registered found = known.get(release);
    if (found == null) {
      Asked asked = new Asked(tenant, release);
      return absent.getIfPresent(asked) == null
          ? hot.beside(tenant, () -> find(asked, since)).thenCompose(it -> named(tenant, it, since))
          : CompletableFuture.failedFuture(ReleaseLoader.unknown(release));
    }
    return mayRead(tenant, found.event())
        ? named(tenant, found, since)
        : CompletableFuture.failedFuture(ReleaseLoader.unknown(release));
  }

  private CompletableFuture<Lease> named(@Nullable String tenant, Registered found, long since) {
    return hot.lease(tenant, found).thenApply(lease -> unlessForgotten(lease, found, since));
  }

  private Lease unlessForgotten(Lease lease, Registered found, long since) {
    if (known.isForgotten(found, since)) {
      lease.close();
      throw new CompletionException(ReleaseLoader.unknown(found.release()));
    }
    return lease;
  }

  private @Nullable Place place(Alias alias, String release) {
    Answering now = answering(alias);
    if (now.release() != null && now.release().release().equals(release)) {
      return Place.answering(alias);
    }
    return now.tries(release) || known.get(release) != null ? new Place(alias, release) : null;
  }

  private boolean answers(Registered registered) {
    return answering(registered.alias()).release() == registered;
  }

  @Override
  public HotCounts counts() {
    long registered = live.values().stream().filter(it -> it.release() != null).count();
    return hot.counts((int) registered);
  }

  @Override
  public List<SwapResult> lost() {
    return hot.lost();
  }

  @Override
  public void close() {
    closing = true;
    DaemonThreads.end(swapper);
    waiting.forEach(Prepared::close);
    hot.close();
  }

  /** All but the switch; on the swapper's thread. */
  private Prepared prepare(ReleaseEvent event, long readMillis, boolean loads) {
    Registered next = new Registered(event, readMillis);
    Prepared prepared = new Prepared(next);
    waiting.add(prepared);
    Registered current = followed.get(next.alias());
    String ignored =
        closing
            ? HotReleases.CLOSED
            : SwapRule.reasonToIgnore(event, current == null ? null : current.event());
    if (ignored != null) {
      prepared.close();
      prepared.problem = prepared.result(Outcome.IGNORED, ignored);
      return prepared;
    }
    try {
      if (event.withheld() > 0) {
        tried(prepared);
      } else {
        boolean same = SwapRule.namesTheSame(event, current == null ? null : current.event());
        prepared.answering = released(prepared, loads && !same);
      }
    } catch (IOException | RuntimeException e) {
      prepared.close();
      String why = String.valueOf(ReleaseRefusedException.because(e).getMessage());
      if (!loads || SwapRule.isFollowedUnread(event, current == null ? null : current.event(), e)) {
        prepared.missing = why;
        prepared.follow(SwapRule.unread(event, e), readMillis);
      } else {
        prepared.problem = prepared.result(Outcome.FAILED, why);
      }
    }
    prepared.millis = prepared.elapsed();
    return prepared;
  }

  /** What an event will change. */
  private final class Prepared implements Staged {

    private final long start = System.nanoTime();
    private final ReleaseStep step;
    private Registered next;
    private final List<LoadedRelease> held = new ArrayList<>();
    private @Nullable SwapResult problem;
    private @Nullable Registered answering;
    private @Nullable Trial trial;
    private String missing = "";
    private double millis;

    Prepared(Registered next) {
      this.next = next;
      step = ReleaseStep.begun(ReleaseStep.Kind.SWITCH, next.release());
    }

    /** What cannot be had now answers, and is refused to whoever asks until it can be. */
    private void follow(ReleaseEvent unread, long readMillis) {
      if (trial == null) {
        next = new Registered(unread, readMillis);
        hot.missed(next); // the result says so
        answering = next;
      }
    }

    @Override
    public ReleaseEvent event() {
      return next.event();
    }

    @Override
    public @Nullable SwapResult problem() {
      return problem;
    }

    @Override
    public String missing() {
      return missing;
    }

    @Override
    public double millis() {
      return millis;
    }

    private SwapResult result(Outcome outcome, String reason) {
      return new SwapResult(next.event(), outcome, reason, elapsed());
    }

    private double elapsed() {
      return (System.nanoTime() - start) / 1e6;
    }

    @Override
    public CompletableFuture<SwapResult> activate() {
      return CompletableFuture.supplyAsync(this::followed, swapper);
    }

    /** The second half, on the swapper's thread. */
    private SwapResult followed() {
      if (problem != null) {
        return problem;
      }
      Answering before = answering(next.alias());
      Answering now = new Answering(answering, trial);
      if (now.equals(Answering.NOTHING)) {
        live.remove(next.alias());
      } else {
        live.put(next.alias(), now); // the switch: one write of one reference
      }
      step.commit();
      note(next); // before anything is forgotten: who looks for it from then on does not find it
      settle(next, before, now);
      close();
      return result(Outcome.SWAPPED, missing);
    }

    @Override
    public synchronized void close() {
      waiting.remove(this);
      held.forEach(LoadedRelease::release);
      held.clear();
    }
  }

  private void note(Registered next) {
    Registered current = followed.get(next.alias());
    ReleaseEvent head = SwapRule.followed(next.event(), current == null ? null : current.event());
    followed.put(next.alias(), new Registered(head, next.readMillis()));
    if (current == null) {
      absent.invalidateAll(); // what was looked for in vain may lie beside it
    }
  }

  /** What an event names: null for the base, and not loaded again if it was on trial. */
  private @Nullable Registered released(Prepared prepared, boolean loads) throws IOException {
    Registered next = prepared.next;
    if (next.release().isEmpty()) {
      return null;
    }
    Trial trial = answering(next.alias()).trial();
    Registered tried = trial == null ? null : trial.release();
    if (tried != null && tried.isRead() && tried.release().equals(next.release())) {
      return tried;
    }
    if (loads) {
      prepared.held.add(hot.stage(next));
    }
    return next;
  }

  /**
   * Beside the release that it would succeed. Where that is not what answers now, as to a reader
   * that comes late or could not read it, it is loaded too; else the trial waits for it.
   */
  private void tried(Prepared prepared) throws IOException {
    Registered next = prepared.next;
    Registered current = answering(next.alias()).release();
    boolean succeeds = current != null && current.release().equals(next.event().parent());
    Registered before = succeeds ? current : ReleaseLoader.before(next);
    prepared.trial = new Trial(next, next.event().withheld());
    prepared.answering = before;
    prepared.held.add(hot.stage(next));
    if (before != null && !succeeds) {
      prepared.held.add(hot.stage(before));
    }
  }

  /** What does not answer any more stays within reach for those who name it. */
  private void settle(Registered next, Answering before, Answering now) {
    Alias alias = next.alias();
    boolean forgets = next.event().action() == Action.FORGET;
    if (forgets) {
      known.forget(next);
    } else {
      known.add(next);
    }
    Trial tried = before.trial();
    Stream.of(before.release(), tried == null ? null : tried.release())
        .filter(Objects::nonNull)
        .forEach(hot::settle);
    if (now.release() != null) {
      hot.settle(now.release());
    }
    hot.settle(next);
    if (forgets) {
      hot.forget(alias);
    }
  }

  /** What was published before this process began lies beside what is followed. */
  private Registered find(Asked asked, long since) {
    List<Registered> relatives =
        followed.values().stream()
            .filter(relative -> mayRead(asked.tenant(), relative.event()))
            .filter(relative -> relative.event().action() != Action.FORGET)
            .toList();
    try {
      Registered found = loader.find(relatives, asked.release());
      if (!known.add(found, since)) {
        throw ReleaseLoader.unknown(asked.release());
      }
      return found;
    } catch (IOException e) {
      absent.put(asked, true);
      throw new CompletionException(e);
    }
  }

  private static boolean mayRead(@Nullable String tenant, ReleaseEvent event) {
    return event.tenant() == null || event.tenant().equals(tenant);
  }
}
