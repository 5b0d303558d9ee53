package dev.millrace.model.swap;

import dev.millrace.schema.ReleaseEvent;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Releases that can be asked for by id: all that were read, and those that are still in memory. */
final class ReleaseShelf {

  /** How a release became known. */
  record Known(ReleaseEvent event, long readMillis) {}

  private final SwapConfig config;
  private final Map<String, Known> known = new LinkedHashMap<>();
  private final Map<String, LoadedRelease> loaded = new LinkedHashMap<>(16, 0.75f, true);

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
    LoadedRelease before = loaded.put(release.about().release(), release);
    if (before != null) {
      before.release();
    }
    while (loaded.size() > config.loaded()) {
      drop(loaded.keySet().iterator().next());
    }
  }

  synchronized @Nullable Lease lease(String release) {
    LoadedRelease found = loaded.get(release);
    return found == null ? null : found.lease();
  }

  /** Forgets all releases of an alias. */
  synchronized void forget(Alias alias) {
    known.values().removeIf(k -> Alias.of(k.event()).equals(alias));
    loaded.values().stream()
        .map(LoadedRelease::about)
        .filter(r -> new Alias(r.tenant(), r.domain()).equals(alias))
        .map(LiveRelease::release)
        .toList()
        .forEach(this::drop);
  }

  synchronized void clear() {
    loaded.values().forEach(LoadedRelease::release);
    loaded.clear();
  }

  private synchronized void drop(String release) {
    LoadedRelease dropped = loaded.remove(release);
    if (dropped != null) {
      dropped.release();
    }
  }
}
