package dev.millrace.model.swap;

import dev.millrace.model.base.BaseModel;
import dev.millrace.model.release.InvalidReleaseException;
import dev.millrace.model.swap.SwapResult.Outcome;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import java.io.IOException;
import java.util.ArrayList;
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

  private volatile Live live = Live.NOTHING;

  AtomicLiveReleases(List<BaseModel> bases, ReleaseSource source, SwapConfig config) {
    this.baseAlone = new BaseLease(bases.get(0));
    this.loader = new ReleaseLoader(bases, source);
    this.shelf = new ReleaseShelf(config);
    this.swapper = Executors.newSingleThreadExecutor(AtomicLiveReleases::thread);
  }

  @Override
  public CompletableFuture<SwapResult> apply(ReleaseEvent event, long readMillis) {
    return CompletableFuture.supplyAsync(() -> swap(event, readMillis), swapper);
  }

  @Override
  public Lease acquire(@Nullable String tenant, @Nullable String domain, long caller) {
    if (domain == null) {
      return baseAlone;
    }
    while (true) {
      Live now = live;
      LoadedRelease own = now.to(new Alias(tenant, domain), caller);
      LoadedRelease found = own != null ? own : now.to(new Alias(null, domain), caller);
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
  public Lease assign(@Nullable String tenant, int[] text, long caller) {
    while (true) {
      Live now = live;
      LoadedRelease assigned = Visible.to(tenant, now.releases()).assigned(text);
      LoadedRelease found = assigned == null ? null : now.to(assigned.alias(), caller);
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
    Live last = live;
    live = Live.NOTHING;
    last.releases().values().forEach(LoadedRelease::release);
    last.trials().values().forEach(trial -> trial.release().release());
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
    Live before = live;
    Live now =
        event.withheld() > 0
            ? tried(before, alias, event, readMillis)
            : before.with(alias, released(before, alias, event, readMillis), null);
    live = now; // the switch: one write of one reference
    keepReplaced(alias, before, now);
    if (event.action() == Action.FORGET) {
      shelf.forget(alias);
    }
    ReleaseShelf.Known current = followed.get(alias);
    ReleaseEvent head = SwapRule.followed(event, current == null ? null : current.event());
    followed.put(alias, new ReleaseShelf.Known(head, readMillis));
    if (!event.release().isEmpty()) {
      shelf.know(event, readMillis);
    }
  }

  /** What an event names: null for the base, and not loaded again if it was on trial. */
  private @Nullable LoadedRelease released(
      Live before, Alias alias, ReleaseEvent event, long readMillis) throws IOException {
    if (event.release().isEmpty()) {
      return null;
    }
    Trial trial = before.trials().get(alias);
    return trial != null && trial.release().about().release().equals(event.release())
        ? trial.release()
        : loader.load(event, readMillis);
  }

  /** Beside what answers now: a reader that comes late finds it as the parent. */
  private Live tried(Live before, Alias alias, ReleaseEvent event, long readMillis)
      throws IOException {
    LoadedRelease next = loader.load(event, readMillis);
    LoadedRelease now = before.releases().get(alias);
    try {
      if (now == null && event.parent() != null) {
        ReleaseShelf.Known asked = new ReleaseShelf.Known(event, readMillis);
        now = loader.load(loader.find(List.of(asked), event.parent()).event(), readMillis);
      }
    } catch (IOException | RuntimeException e) {
      next.release();
      throw e;
    }
    return before.with(alias, now, new Trial(next, event.withheld()));
  }

  /** What does not answer any more stays within reach for those who name it. */
  private void keepReplaced(Alias alias, Live before, Live now) {
    LoadedRelease released = now.releases().get(alias);
    LoadedRelease was = before.releases().get(alias);
    if (was != null && was != released) {
      shelf.keep(was);
    }
    Trial trial = before.trials().get(alias);
    if (trial != null && trial.release() != released) {
      shelf.keep(trial.release());
    }
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
    Live now = live;
    List<LoadedRelease> all = new ArrayList<>(now.releases().values());
    now.trials().values().forEach(trial -> all.add(trial.release()));
    for (LoadedRelease candidate : all) {
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
