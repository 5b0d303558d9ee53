package dev.millrace.adapter.publish;

import dev.millrace.model.release.Manifest;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Which releases of a store have had their time: of those that nothing needs, all but the newest of
 * each kind of each domain, and none that is young. Needed is what the caller names, for instance
 * what is current, pinned or asked for, and every ancestor of such a release, for lineage is proved
 * by them.
 *
 * @param count how many that nothing needs stay per domain and kind
 * @param age how old a release must be: a request may name it before anyone knows of the request
 */
public record Retention(int count, Duration age) {

  /** A release in a store. */
  public record Stored(Manifest manifest, Instant written) {}

  /** Ids of what may be deleted, the oldest batch first. */
  public List<String> expired(
      Map<String, Stored> releases, Collection<String> needed, Instant now) {
    Set<String> kept = withAncestors(releases, needed);
    Map<List<String>, List<Map.Entry<String, Stored>>> loose =
        releases.entrySet().stream()
            .filter(release -> !kept.contains(release.getKey()))
            .sorted(Comparator.comparing(Retention::batch).thenComparing(Map.Entry::getKey))
            .collect(Collectors.groupingBy(Retention::alias));
    List<String> expired = new ArrayList<>();
    for (List<Map.Entry<String, Stored>> domain : loose.values()) {
      for (Map.Entry<String, Stored> release :
          domain.subList(0, Math.max(0, domain.size() - count))) {
        if (release.getValue().written().isBefore(now.minus(age))) {
          expired.add(release.getKey());
        }
      }
    }
    return expired;
  }

  private static Set<String> withAncestors(
      Map<String, Stored> releases, Collection<String> needed) {
    Set<String> kept = new HashSet<>();
    Deque<String> open = new ArrayDeque<>(needed);
    while (!open.isEmpty()) {
      String id = open.pop();
      Stored release = releases.get(id);
      if (kept.add(id) && release != null && release.manifest().parent() != null) {
        open.push(release.manifest().parent());
      }
    }
    return kept;
  }

  private static long batch(Map.Entry<String, Stored> release) {
    return release.getValue().manifest().batch();
  }

  private static List<String> alias(Map.Entry<String, Stored> release) {
    Manifest manifest = release.getValue().manifest();
    String tenant = manifest.tenant() == null ? "" : manifest.tenant();
    return List.of(tenant, manifest.domain(), manifest.kind().name());
  }
}
