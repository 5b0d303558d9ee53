package dev.millrace.job.releases;

import dev.millrace.model.release.BaseRelease;
import dev.millrace.model.release.Manifest;
import dev.millrace.schema.ReleaseEvent.Kind;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Which releases know of some samples: those that learned one, and all that came of them. */
public record Forgetting(StoredReleases stored, Set<String> samples) {

  /** Ids of all releases in the store that know of one of the samples, bases among them. */
  public Set<String> affected() {
    Set<String> affected = new HashSet<>();
    for (String id : stored.byId().keySet()) {
      if (chain(id).stream().anyMatch(this::learned)) {
        affected.add(id);
      }
    }
    stored
        .byId()
        .forEach(
            (id, manifest) -> {
              if (manifest.kind() == Kind.BASE) {
                BaseRelease.Learned learned = stored.learned(id);
                if (!Collections.disjoint(learned.releases(), affected)
                    || !Collections.disjoint(learned.samples(), samples)) {
                  affected.add(id);
                }
              }
            });
    return affected;
  }

  /**
   * The same, bases first and each release before its ancestors: whoever is cut off while deleting
   * them leaves none of which nobody can tell what it knew.
   */
  public List<String> descendantsFirst() {
    Map<String, Integer> lengths = new HashMap<>();
    affected().forEach(id -> lengths.put(id, chain(id).size()));
    return lengths.keySet().stream()
        .sorted(
            Comparator.comparing((String id) -> stored.manifest(id).kind() != Kind.BASE)
                .thenComparing(id -> -lengths.getOrDefault(id, 0))
                .thenComparing(Comparator.naturalOrder()))
        .toList();
  }

  /**
   * The last ancestor of a release that knows of none of the samples: itself, if it does not; null
   * if that is the base alone, of another base, or not in the store.
   */
  public @Nullable String lastUnaffected(String release) {
    String found = release;
    for (String id : chain(release)) {
      if (learned(id)) {
        found = stored.manifest(id).parent();
      }
    }
    return found != null
            && stored.byId().containsKey(found)
            && stored.manifest(found).base().equals(stored.manifest(release).base())
        ? found
        : null;
  }

  /** Ancestors of releases that are not in the store: what they had learned nobody can tell. */
  public Set<String> missing() {
    return stored.byId().values().stream()
        .flatMap(manifest -> Stream.ofNullable(manifest.parent()))
        .filter(parent -> !stored.byId().containsKey(parent))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** Whether a release and all its ancestors are in the store. */
  public boolean isWhole(String release) {
    return beyond(release) == null;
  }

  /**
   * Refuses to go on while a base answers that knows of one of the samples by itself: it learned
   * it, or was taught a release which knows of it, or came of a base that did.
   *
   * @param base id of its release
   * @throws IllegalArgumentException if it does, or nobody can tell
   */
  public void requireUnknownTo(String base) {
    for (String id : mayHaveComeOf(base)) {
      requireUnknownTo("base release " + id, stored.learned(id));
    }
  }

  /**
   * The same of what taught some base.
   *
   * @param who the base
   */
  public void requireUnknownTo(String who, BaseRelease.Learned learned) {
    for (String sample : samples) {
      if (learned.samples().contains(sample)) {
        throw new IllegalArgumentException(
            "%s answers and was taught sample %s: another base must answer first (./millrace releases base --back, or base.dir)"
                .formatted(who, sample));
      }
    }
    Set<String> affected = affected();
    for (String release : learned.releases()) {
      if (!stored.byId().containsKey(release)) {
        throw new IllegalArgumentException(
            "%s was taught by %s, which is not in %s, expected it there: what it knew nobody can tell"
                .formatted(who, release, stored.store()));
      }
      if (affected.contains(release)) {
        throw new IllegalArgumentException(
            "%s answers and was taught by %s, which knows of the samples: another base must answer first (./millrace releases base --back, or base.dir)"
                .formatted(who, release));
      }
    }
  }

  /** A released base, and all bases that it may have come of. */
  private Set<String> mayHaveComeOf(String base) {
    Set<String> seen = new TreeSet<>();
    Deque<String> open = new ArrayDeque<>(List.of(base));
    while (!open.isEmpty()) {
      String id = open.pop();
      if (!seen.add(id)) {
        continue;
      }
      Manifest manifest = stored.byId().get(id);
      if (manifest == null) {
        throw new IllegalArgumentException(
            "base release %s is not in %s, expected it there: what it was taught nobody can tell"
                .formatted(id, stored.store()));
      }
      stored
          .byId()
          .forEach(
              (other, of) -> {
                boolean before =
                    of.kind() == Kind.BASE && BaseRelease.base(of).equals(manifest.base());
                if (before || other.equals(manifest.parent())) {
                  open.push(other);
                }
              });
    }
    return seen;
  }

  private boolean learned(String id) {
    return stored.manifest(id).learned().stream()
        .anyMatch(sample -> samples.contains(sample.sample()));
  }

  /**
   * A release and its ancestors, itself first.
   *
   * @throws IllegalArgumentException if one of them is not in the store
   */
  public List<String> lineage(String release) {
    String missing = beyond(release);
    if (missing != null) {
      throw new IllegalArgumentException(
          "release " + missing + ", an ancestor, is not in " + stored.store() + ", expected all");
    }
    return chain(release);
  }

  /** The same up to the first that is not in the store. */
  private List<String> chain(String release) {
    List<String> lineage = new ArrayList<>();
    String id = release;
    while (id != null && stored.byId().containsKey(id)) {
      lineage.add(id);
      id = stored.manifest(id).parent();
    }
    return lineage;
  }

  /** The first of a lineage that is not in the store; null if all are. */
  private @Nullable String beyond(String release) {
    List<String> lineage = chain(release);
    return lineage.isEmpty() ? release : stored.manifest(lineage.get(lineage.size() - 1)).parent();
  }
}
