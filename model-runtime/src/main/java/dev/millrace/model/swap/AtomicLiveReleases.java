package dev.millrace.model.swap;

import dev.millrace.model.base.BaseModel;
import dev.millrace.model.release.InvalidReleaseException;
import dev.millrace.model.swap.SwapResult.Outcome;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * All aliases in one immutable map behind one volatile reference. One thread does all that changes:
 * events apply in order, and nothing is loaded twice at once.
 */
final class AtomicLiveReleases implements LiveReleases {

  private final BaseLease baseAlone;
  private final ReleaseLoader loader;
  private final ReleaseShelf shelf;
  private final ExecutorService swapper;

  /** What each alias follows; touched by the swapper's thread alone. */
  private final Map<Alias, ReleaseShelf.Known> followed = new HashMap<>();

  private volatile Map<Alias, LoadedRelease> live = Map.of();

  AtomicLiveReleases(BaseModel base, ReleaseSource source, SwapConfig config) {
    this.baseAlone = new BaseLease(base.noAdapter());
    this.loader = new ReleaseLoader(base, source);
    this.shelf = new ReleaseShelf(config);
    this.swapper = Executors.newSingleThreadExecutor(AtomicLiveReleases::thread);
  }

  @Override
  public CompletableFuture<SwapResult> apply(ReleaseEvent event, long readMillis) {
    return CompletableFuture.supplyAsync(() -> swap(event, readMillis), swapper);
  }

  @Override
  public Lease acquire(@Nullable String tenant, @Nullable String domain) {
    if (domain == null) {
      return baseAlone;
    }
    while (true) {
      Map<Alias, LoadedRelease> now = live;
      LoadedRelease own = now.get(new Alias(tenant, domain));
      LoadedRelease found = own != null ? own : now.get(new Alias(null, domain));
      if (found == null) {
        return baseAlone;
      }
      Lease lease = found.lease();
      if (lease != null) {
        return lease;
      }
      // It was replaced and freed since the map was read: the map that replaced it is there.
    }
  }

  @Override
  public Lease assign(@Nullable String tenant, int[] text) {
    while (true) {
      LoadedRelease found = Visible.to(tenant, live).assigned(text);
      Lease lease = found == null ? baseAlone : found.lease();
      if (lease != null) {
        return lease;
      }
    }
  }

  @Override
  public Lease acquirePinned(@Nullable String tenant, String release) throws IOException {
    ReleaseShelf.Known known = shelf.known(release);
    if (known == null) {
      return await(swapper, () -> find(tenant, release));
    }
    if (!mayRead(tenant, known.event())) {
      throw ReleaseLoader.unknown(release);
    }
    Lease loaded = leaseOfLoaded(release);
    return loaded != null ? loaded : await(swapper, () -> load(known));
  }

  @Override
  public void close() {
    swapper.shutdown();
    awaitEnd(swapper);
    Map<Alias, LoadedRelease> last = live;
    live = Map.of();
    last.values().forEach(LoadedRelease::release);
    shelf.clear();
  }

  private SwapResult swap(ReleaseEvent event, long readMillis) {
    long start = System.nanoTime();
    Alias alias = Alias.of(event);
    ReleaseShelf.Known current = followed.get(alias);
    String ignored = SwapRule.reasonToIgnore(event, current == null ? null : current.event());
    if (ignored != null) {
      return result(event, Outcome.IGNORED, ignored, start);
    }
    try {
      follow(alias, event, readMillis);
      return result(event, Outcome.SWAPPED, "", start);
    } catch (ReleaseRefusedException e) {
      return result(event, Outcome.FAILED, String.valueOf(e.getMessage()), start);
    } catch (InvalidReleaseException e) {
      return result(event, Outcome.FAILED, "release-invalid: " + e.getMessage(), start);
    } catch (IOException | RuntimeException e) {
      return result(event, Outcome.FAILED, "release-unreadable: " + e, start);
    }
  }

  private void follow(Alias alias, ReleaseEvent event, long readMillis) throws IOException {
    boolean toBase = event.release().isEmpty();
    LoadedRelease next = toBase ? null : loader.load(event, readMillis);
    LoadedRelease before = replace(alias, next);
    if (before != null) {
      shelf.keep(before);
    }
    if (event.action() == Action.FORGET) {
      shelf.forget(alias);
    }
    ReleaseShelf.Known current = followed.get(alias);
    ReleaseEvent now = SwapRule.followed(event, current == null ? null : current.event());
    followed.put(alias, new ReleaseShelf.Known(now, readMillis));
    if (next != null) {
      shelf.know(event, readMillis);
    }
  }

  /** The switch: one write of one reference. */
  private @Nullable LoadedRelease replace(Alias alias, @Nullable LoadedRelease next) {
    Map<Alias, LoadedRelease> changed = new HashMap<>(live);
    LoadedRelease before = next == null ? changed.remove(alias) : changed.put(alias, next);
    live = Map.copyOf(changed);
    return before;
  }

  private Lease load(ReleaseShelf.Known known) throws IOException {
    Lease loaded = leaseOfLoaded(known.event().release());
    if (loaded != null) {
      return loaded;
    }
    LoadedRelease release = loader.load(known.event(), known.readMillis());
    Lease lease = release.lease();
    shelf.keep(release);
    if (lease == null) {
      throw new IllegalStateException("a fresh release has its maker as a holder");
    }
    return lease;
  }

  /** What was published before this process began lies beside what is followed. */
  private Lease find(@Nullable String tenant, String release) throws IOException {
    List<ReleaseShelf.Known> relatives =
        followed.values().stream()
            .filter(known -> mayRead(tenant, known.event()))
            .filter(known -> known.event().action() != Action.FORGET)
            .toList();
    ReleaseShelf.Known found = loader.find(relatives, release);
    shelf.know(found.event(), found.readMillis());
    return load(found);
  }

  private @Nullable Lease leaseOfLoaded(String release) {
    for (LoadedRelease candidate : live.values()) {
      if (candidate.about().release().equals(release)) {
        Lease lease = candidate.lease();
        if (lease != null) {
          return lease;
        }
      }
    }
    return shelf.lease(release);
  }

  private static boolean mayRead(@Nullable String tenant, ReleaseEvent event) {
    return event.tenant() == null || event.tenant().equals(tenant);
  }

  private static SwapResult result(
      ReleaseEvent event, Outcome outcome, String reason, long startNanos) {
    return new SwapResult(event, outcome, reason, (System.nanoTime() - startNanos) / 1e6);
  }

  private static Lease await(ExecutorService executor, Callable<Lease> task) throws IOException {
    try {
      return executor.submit(task).get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException known) {
        throw known;
      }
      throw new IOException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while a release was loaded", e);
    }
  }

  private static void awaitEnd(ExecutorService executor) {
    try {
      while (!executor.awaitTermination(1, TimeUnit.MINUTES)) {
        // A fetch that hangs must not free a model under a thread that uses it.
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static Thread thread(Runnable task) {
    Thread thread = new Thread(task, "millrace-swap");
    thread.setDaemon(true);
    return thread;
  }
}
