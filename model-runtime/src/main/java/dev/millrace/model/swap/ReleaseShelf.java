package dev.millrace.model.swap;

import dev.millrace.schema.ReleaseEvent;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Releases that can be asked for by id: all that were read, and those that are still in memory. A
 * segmented LRU (Karedla et al., 1994): half of the room is for what was asked for while it lay
 * here, so that a burst of swaps does not drive it out.
 */
final class ReleaseShelf {

  /** How a release became known. */
  record Known(ReleaseEvent event, long readMillis) {}

  private final SwapConfig config;
  private final Map<String, Known> known = new LinkedHashMap<>();
  private final Map<String, LoadedRelease> kept = new LinkedHashMap<>(16, 0.75f, true);
  private final Map<String, LoadedRelease> askedFor = new LinkedHashMap<>(16, 0.75f, true);

  ReleaseShelf(SwapConfig config) {
    this.config = config;
  }

  synchronized void know(ReleaseEvent event, long readMillis) {
    known.putIfAbsent(event.release(), new Known(event, readMillis));
    if (known.size() > config.known()) {
      known.remove(known.keySet().iterator().next());
    }
  }

  synchronized @Nullable Known known(String release) {
    return known.get(release);
  }

  /** Takes over the caller's hold on a release. */
  synchronized void keep(LoadedRelease release) {
    drop(release.about().release());
    kept.put(release.about().release(), release);
    makeRoom();
  }

  synchronized @Nullable Lease lease(String release) {
    LoadedRelease found = kept.remove(release);
    if (found != null) {
      askedFor.put(release, found);
      makeRoom();
    }
    LoadedRelease here = find(release);
    return here == null ? null : here.lease();
  }

  private synchronized @Nullable LoadedRelease find(String release) {
    LoadedRelease found = askedFor.get(release);
    return found == null ? kept.get(release) : found;
  }

  private synchronized void makeRoom() {
    while (askedFor.size() > config.loaded() / 2) {
      Map.Entry<String, LoadedRelease> eldest = askedFor.entrySet().iterator().next();
      askedFor.remove(eldest.getKey());
      kept.put(eldest.getKey(), eldest.getValue());
    }
    while (kept.size() + askedFor.size() > config.loaded()) {
      drop(kept.keySet().iterator().next());
    }
  }

  /** Forgets all releases of an alias. */
  synchronized void forget(Alias alias) {
    known.values().removeIf(k -> Alias.of(k.event()).equals(alias));
    Stream.concat(kept.values().stream(), askedFor.values().stream())
        .map(LoadedRelease::about)
        .filter(r -> new Alias(r.tenant(), r.domain()).equals(alias))
        .map(LiveRelease::release)
        .toList()
        .forEach(this::drop);
  }

  synchronized void clear() {
    List.copyOf(kept.keySet()).forEach(this::drop);
    List.copyOf(askedFor.keySet()).forEach(this::drop);
  }

  private synchronized void drop(String release) {
    LoadedRelease unasked = kept.remove(release);
    LoadedRelease dropped = unasked == null ? askedFor.remove(release) : unasked;
    if (dropped != null) {
      dropped.release();
    }
  }
}
