package dev.millrace.model.swap;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.RemovalCause;
import com.github.benmanes.caffeine.cache.Ticker;
import dev.millrace.model.base.DaemonThreads;
import dev.millrace.model.swap.SwapResult.Outcome;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Releases in memory, so many bytes of them, and the fetching of others. Caffeine's W-TinyLFU says
 * who stays: what is asked for once does not drive out what is asked for often. Whoever uses a
 * release holds it, in here or not.
 */
final class HotReleases implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(HotReleases.class);

  /** Weights are whole numbers of 32 bits. */
  private static final int UNIT = 1024;

  private static final double MILLI = 1e6;

  /** What whoever comes too late is told. */
  static final String CLOSED = "closed: no release answers any more";

  private final ReleaseLoader loader;
  private final Place.Of places;
  private final Predicate<Registered> answers;
  private final Ticker ticker;
  private final Cache<Place, LoadedRelease> kept;

  /** All that are in native memory, those included that only a lease holds. */
  private final Map<Identity, LoadedRelease> alive = new ConcurrentHashMap<>();

  private final Map<Identity, Asked<LoadedRelease>> loading = new ConcurrentHashMap<>();
  private final Map<Registered, Asked<Void>> reading = new ConcurrentHashMap<>();
  private final FairThreads fetchers;
  private final AtomicInteger threads = new AtomicInteger();

  /** What answers and was found lost, until somebody takes it: each once. */
  private final Queue<SwapResult> lost = new ConcurrentLinkedQueue<>();

  private final LongAdder hits = new LongAdder();
  private final LongAdder misses = new LongAdder();
  private final LongAdder failures = new LongAdder();
  private final LongAdder evictions = new LongAdder();
  private final LongAdder fetchNanos = new LongAdder();
  private volatile boolean closing;

  private record Identity(Alias alias, String release) {

    static Identity of(Registered registered) {
      return new Identity(registered.alias(), registered.release());
    }

    static Identity of(LoadedRelease release) {
      return new Identity(release.alias(), release.about().release());
    }
  }

  /**
   * @param places where releases belong now
   * @param answers whether this very object answers now: there may be others of its release
   * @param ticker by which what could not be read is tried again
   */
  HotReleases(
      ReleaseLoader loader,
      SwapConfig config,
      Place.Of places,
      Predicate<Registered> answers,
      Ticker ticker) {
    this.loader = loader;
    this.places = places;
    this.answers = answers;
    this.ticker = ticker;
    this.kept =
        Caffeine.newBuilder()
            .maximumWeight(config.hotBytes() / UNIT)
            .weigher((Place place, LoadedRelease release) -> weight(release))
            .executor(Runnable::run)
            .removalListener(this::removed)
            .build();
    this.fetchers = new FairThreads(config.fetchers(), this::thread);
  }

  private static int weight(LoadedRelease release) {
    return (int) Math.max(1, Math.min(Integer.MAX_VALUE, (release.bytes() + UNIT - 1) / UNIT));
  }

  private void removed(@Nullable Place place, @Nullable LoadedRelease release, RemovalCause cause) {
    if (cause.wasEvicted()) {
      evictions.increment();
    }
    if (release != null) {
      release.release();
    }
  }

  /**
   * Loads and warms a release that is to answer, on this thread. The caller is its first holder,
   * and settles it.
   */
  LoadedRelease stage(Registered registered) throws IOException {
    LoadedRelease loaded = loader.load(registered, this::freed);
    try {
      loader.warm(loaded);
    } catch (IOException | RuntimeException | Error e) {
      loaded.release();
      throw e;
    }
    alive.put(Identity.of(loaded), loaded);
    return loaded;
  }

  /** A lease of a release in memory; null if it is not there. Nobody counts it. */
  @Nullable Lease peek(Registered registered) {
    return here(registered, kept.policy()::getIfPresentQuietly);
  }

  /**
   * A lease of a release, fetched by another thread if it is not in memory.
   *
   * @param tenant who asks
   */
  CompletableFuture<Lease> lease(@Nullable String tenant, Registered registered) {
    Lease lease = here(registered, kept::getIfPresent);
    if (lease != null) {
      hits.increment();
      return CompletableFuture.completedFuture(lease);
    }
    misses.increment();
    return loaded(tenant, registered);
  }

  private @Nullable Lease here(Registered registered, Function<Place, LoadedRelease> kind) {
    Place place = places.of(registered.alias(), registered.release());
    LoadedRelease found = place == null ? null : kind.apply(place);
    if (found != null && found.about().release().equals(registered.release())) {
      Lease lease = found.lease();
      if (lease != null) {
        return lease;
      }
    }
    return alive(registered);
  }

  /** What left for want of room and is still in use comes back. */
  private @Nullable Lease alive(Registered registered) {
    LoadedRelease found = alive.get(Identity.of(registered));
    Lease lease = found == null ? null : found.lease();
    if (found != null && lease != null) {
      keep(found);
    }
    return lease;
  }

  private CompletableFuture<Lease> loaded(@Nullable String tenant, Registered registered) {
    return loading
        .computeIfAbsent(
            Identity.of(registered), absent -> new Asked<>(askers -> load(registered, askers)))
        .by(tenant)
        .thenCompose(
            loaded -> {
              if (closing) {
                return CompletableFuture.failedFuture(closed());
              }
              Lease lease = loaded.lease();
              return lease == null // it came and went before this asker could say so
                  ? loaded(tenant, registered)
                  : CompletableFuture.completedFuture(lease);
            });
  }

  /** Something that is asked for: done at the first turn of anybody who asks. */
  private final class Asked<T> {

    private final Consumer<CompletableFuture<T>> work;
    private final CompletableFuture<T> askers = new CompletableFuture<>();
    private final Set<Optional<String>> tenants = ConcurrentHashMap.newKeySet();
    private final AtomicBoolean begun = new AtomicBoolean();

    Asked(Consumer<CompletableFuture<T>> work) {
      this.work = work;
    }

    CompletableFuture<T> by(@Nullable String tenant) {
      if (tenants.add(Optional.ofNullable(tenant))) {
        try {
          fetchers.of(tenant).execute(this::begin);
        } catch (RejectedExecutionException e) {
          askers.completeExceptionally(closed());
        }
      }
      return askers;
    }

    private void begin() {
      if (begun.compareAndSet(false, true)) {
        work.accept(askers);
      }
    }
  }

  /** Askers take their leases before this thread lets go: no room is no reason to fetch again. */
  private void load(Registered registered, CompletableFuture<LoadedRelease> askers) {
    long start = System.nanoTime();
    LoadedRelease loaded;
    try {
      if (closing) {
        throw closed();
      }
      loaded =
          isAnswering(registered)
              ? loader.load(registered, this::freed)
              : loader.loadNamed(registered, this::freed);
    } catch (Throwable e) {
      failures.increment();
      loading.remove(Identity.of(registered));
      ReleaseRefusedException why = ReleaseRefusedException.because(e);
      if (!closing && lose(registered, why)) {
        LOG.warn("Release {} cannot answer: {}", registered.release(), why.getMessage());
      }
      askers.completeExceptionally(why);
      return;
    } finally {
      fetchNanos.add(System.nanoTime() - start);
    }
    alive.put(Identity.of(loaded), loaded);
    keep(loaded);
    loading.remove(Identity.of(registered));
    askers.complete(loaded);
    loaded.release();
  }

  /** Runs something that a tenant asks for on a thread that fetches. */
  <T> CompletableFuture<T> beside(@Nullable String tenant, Supplier<T> task) {
    try {
      return CompletableFuture.supplyAsync(task, fetchers.of(tenant));
    } catch (RejectedExecutionException e) {
      return CompletableFuture.failedFuture(closed());
    }
  }

  private boolean isAnswering(Registered registered) {
    Alias alias = registered.alias();
    return Place.answering(alias).equals(places.of(alias, registered.release()));
  }

  /**
   * Has another thread find out what the texts of a release's domain look like. A release that
   * cannot be read stays without a profile, and is tried again by whoever asks a moment later.
   */
  CompletableFuture<Void> read(@Nullable String tenant, Registered registered) {
    if (registered.isLost(ticker.read())) {
      return CompletableFuture.completedFuture(null);
    }
    return reading
        .computeIfAbsent(registered, r -> new Asked<>(askers -> fetch(r, askers)))
        .by(tenant);
  }

  private void fetch(Registered registered, CompletableFuture<Void> askers) {
    try {
      fetch(registered);
    } catch (Throwable e) {
      askers.completeExceptionally(e);
    }
    reading.remove(registered);
    askers.complete(null);
  }

  private void fetch(Registered registered) {
    if (closing) {
      return;
    }
    try {
      loader.fetch(registered);
    } catch (IOException | RuntimeException e) {
      failures.increment();
      ReleaseRefusedException why = ReleaseRefusedException.because(e);
      if (lose(registered, why)) {
        LOG.warn(
            "no text is assigned to {} while its release cannot be read: {}",
            registered.alias(),
            why.getMessage());
      }
    }
  }

  /** Notes that a release could not be read; true the first time. */
  private boolean lose(Registered registered, ReleaseRefusedException why) {
    boolean first = missed(registered);
    if (first && answers.test(registered)) {
      String reason = String.valueOf(why.getMessage());
      lost.add(new SwapResult(registered.event(), Outcome.SWAPPED, reason, 0));
    }
    return first;
  }

  /** Notes that a release could not be read, where that is told otherwise; true the first time. */
  boolean missed(Registered registered) {
    return registered.lose(ticker.read());
  }

  /** What answers and was found lost since this was asked last. */
  List<SwapResult> lost() {
    List<SwapResult> found = new ArrayList<>();
    for (SwapResult next = lost.poll(); next != null; next = lost.poll()) {
      found.add(next);
    }
    return found;
  }

  /**
   * Puts a release where it belongs, as long as it does. What came there after it was asked where
   * it belongs stays.
   */
  private void keep(LoadedRelease release) {
    Place place = place(release);
    if (place == null || !release.retain()) {
      return;
    }
    AtomicBoolean held = new AtomicBoolean();
    kept.asMap()
        .compute(
            place,
            (here, there) -> {
              boolean comes = there != release && here.equals(place(release));
              held.set(comes);
              return comes ? release : there;
            });
    if (!held.get()) {
      release.release();
    }
    if (!place.equals(place(release))) {
      kept.asMap().remove(place, release);
    }
  }

  private @Nullable Place place(LoadedRelease release) {
    return places.of(release.alias(), release.about().release());
  }

  private void freed(LoadedRelease release) {
    alive.remove(Identity.of(release), release);
  }

  /** Puts a release that is in memory where it belongs now, and out of where it does not. */
  void settle(Registered registered) {
    LoadedRelease release = alive.get(Identity.of(registered));
    if (release != null) {
      keep(release);
    }
    Alias alias = registered.alias();
    Place now = places.of(alias, registered.release());
    Place named = new Place(alias, registered.release());
    if (!named.equals(now)) {
      kept.invalidate(named);
    }
    Place answering = Place.answering(alias);
    LoadedRelease there = kept.policy().getIfPresentQuietly(answering);
    if (there != null && !answering.equals(place(there))) {
      kept.asMap().remove(answering, there);
    }
  }

  /** Lets go of an alias's releases that belong nowhere any more. */
  void forget(Alias alias) {
    kept.asMap()
        .entrySet()
        .removeIf(
            here ->
                here.getKey().alias().equals(alias)
                    && !here.getKey().equals(place(here.getValue())));
  }

  /** What it did since it was made, and what it holds now. */
  HotCounts counts(int registered) {
    long bytes =
        kept.policy().eviction().map(bound -> bound.weightedSize().orElse(0)).orElse(0L) * UNIT;
    return new HotCounts(
        registered,
        alive.size(),
        bytes,
        loading.size(),
        hits.sum(),
        misses.sum(),
        failures.sum(),
        evictions.sum(),
        Math.round(fetchNanos.sum() / MILLI));
  }

  /** Whether whoever asks or waits is refused from now on. */
  boolean isClosing() {
    return closing;
  }

  static ReleaseRefusedException closed() {
    return new ReleaseRefusedException(CLOSED);
  }

  /**
   * Waits for fetches in progress, whose askers are refused, then frees every release that no lease
   * holds.
   */
  @Override
  public void close() {
    closing = true;
    fetchers.close();
    kept.invalidateAll();
    kept.cleanUp();
  }

  private Thread thread(Runnable task) {
    return new DaemonThreads("millrace-fetch-" + threads.incrementAndGet()).newThread(task);
  }
}
