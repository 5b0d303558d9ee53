package dev.millrace.adapter.publish;

import dev.millrace.model.release.Manifest;
import dev.millrace.schema.ReleaseLine;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Which releases of a store have had their time: of those that nothing needs, all but the newest of
 * each kind of each domain, and none that is young. Needed is what the caller names, for instance
 * what is current, pinned or asked for. Every ancestor of what stays stays too, for lineage is
 * proved by them.
 *
 * @param count how many that nothing needs stay per domain and kind
 * @param age how old a release must be: a request may name it before anyone knows of the request
 */
public record Retention(int count, Duration age) {

  /** A release in a store. */
  public record Stored(Manifest manifest, Instant written) {}

  /** Ids of what may be deleted, each before its ancestors. */
  public List<String> expired(
      Map<String, Stored> releases, Collection<String> needed, Instant now) {
    Set<String> kept = withAncestors(releases, needed);
    kept.addAll(withAncestors(releases, staying(releases, kept, now)));
    Map<String, Integer> lineages = new HashMap<>();
    for (String id : releases.keySet()) {
      if (!kept.contains(id)) {
        lineages.put(id, withAncestors(releases, List.of(id)).size());
      }
    }
    return lineages.keySet().stream()
        .sorted(
            Comparator.comparing((String id) -> -lineages.getOrDefault(id, 0))
                .thenComparing(Comparator.naturalOrder()))
        .toList();
  }

  /** Of what nothing needs, what is young, and the newest of each domain and kind. */
  private List<String> staying(Map<String, Stored> releases, Set<String> needed, Instant now) {
    Map<ReleaseLine, List<Map.Entry<String, Stored>>> loose =
        releases.entrySet().stream()
            .filter(release -> !needed.contains(release.getKey()))
            .sorted(Comparator.comparing(Retention::batch).thenComparing(Map.Entry::getKey))
            .collect(Collectors.groupingBy(release -> release.getValue().manifest().line()));
    List<String> staying = new ArrayList<>();
    for (List<Map.Entry<String, Stored>> domain : loose.values()) {
      int newest = Math.max(0, domain.size() - count);
      for (int i = 0; i < domain.size(); i++) {
        Map.Entry<String, Stored> release = domain.get(i);
        if (i >= newest || !release.getValue().written().isBefore(now.minus(age))) {
          staying.add(release.getKey());
        }
      }
    }
    return staying;
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
}
