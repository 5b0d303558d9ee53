package dev.millrace.model.swap;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Releases that can be asked for by id, the last so many that were read. */
final class KnownReleases {

  private final int most;
  private final Map<String, Registered> known = new LinkedHashMap<>();

  KnownReleases(int most) {
    this.most = most;
  }

  synchronized void add(Registered release) {
    known.putIfAbsent(release.release(), release);
    if (known.size() > most) {
      known.remove(known.keySet().iterator().next());
    }
  }

  synchronized @Nullable Registered get(String release) {
    return known.get(release);
  }

  synchronized void remove(Registered release) {
    known.remove(release.release(), release);
  }

  synchronized void forget(Alias alias) {
    known.values().removeIf(release -> release.alias().equals(alias));
  }
}
