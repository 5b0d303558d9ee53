package dev.millrace.model.swap;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Releases that can be asked for by id, the last so many that were read. Whoever fetches one, or
 * looks for it, says how often something had been forgotten before: it may be among that by now.
 */
final class KnownReleases {

  private final int most;
  private final Map<String, Registered> known = new LinkedHashMap<>();

  private long forgets;

  /** Which of them was each alias's last. */
  private final Map<Alias, Long> forgotten = new HashMap<>();

  KnownReleases(int most) {
    this.most = most;
  }

  synchronized void add(Registered release) {
    if (release.release().isEmpty()) {
      return; // the base alone
    }
    known.putIfAbsent(release.release(), release);
    if (known.size() > most) {
      known.remove(known.keySet().iterator().next());
    }
  }

  /** Adds what was looked for since then; false if it was forgotten meanwhile. */
  synchronized boolean add(Registered found, long since) {
    if (isForgotten(found, since)) {
      return false;
    }
    add(found);
    return true;
  }

  synchronized @Nullable Registered get(String release) {
    return known.get(release);
  }

  /** Only what its alias goes back to is known of that from now on. */
  synchronized void forget(Registered kept) {
    known.values().removeIf(release -> release.alias().equals(kept.alias()));
    forgotten.put(kept.alias(), ++forgets);
    add(kept);
  }

  /** How often something was forgotten until now. */
  synchronized long forgets() {
    return forgets;
  }

  /** Whether it was forgotten since then, and has not become known again. */
  synchronized boolean isForgotten(Registered release, long since) {
    return forgotten.getOrDefault(release.alias(), 0L) > since
        && !known.containsKey(release.release());
  }
}
