package dev.millrace.job.loop;

import dev.millrace.model.release.Manifest;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Which releases know of some samples: those that learned one, and all that came of them. */
public record Forgetting(StoredReleases stored, Set<String> samples) {

  /** Ids of all releases in the store that know of one of the samples. */
  public Set<String> affected() {
    Set<String> affected = new HashSet<>();
    for (String id : stored.byId().keySet()) {
      if (lineage(id).stream().anyMatch(this::learned)) {
        affected.add(id);
      }
    }
    return affected;
  }

  /**
   * The last ancestor of a release that knows of none of the samples: itself, if it does not; null
   * if that is the base alone.
   */
  public @Nullable String lastUnaffected(String release) {
    List<String> lineage = lineage(release);
    String found = release;
    for (String id : lineage) {
      if (learned(id)) {
        found = stored.manifest(id).parent();
      }
    }
    return found;
  }

  /**
   * Refuses to go on while a base answers that was taught a release which knows of one of the
   * samples: it says by itself what that release knew.
   *
   * @param base id of its release
   * @throws IllegalArgumentException if it was, or is not in the store
   */
  public void requireUnknownTo(String base) {
    if (!stored.byId().containsKey(base)) {
      throw new IllegalArgumentException(
          "base release %s answers and is not in %s, expected it there: what it was taught is not known"
              .formatted(base, stored.store()));
    }
    Set<String> affected = affected();
    for (String taught : stored.taught(base).values()) {
      if (affected.contains(taught)) {
        throw new IllegalArgumentException(
            "base release %s answers and was taught by %s, which knows of the samples; ./millrace releases base --back first"
                .formatted(base, taught));
      }
    }
  }

  private boolean learned(String id) {
    return stored.manifest(id).learned().stream()
        .anyMatch(sample -> samples.contains(sample.sample()));
  }

  /** A release and its ancestors, itself first. */
  public List<String> lineage(String release) {
    List<String> lineage = new ArrayList<>();
    String id = release;
    while (id != null) {
      Manifest manifest = stored.byId().get(id);
      if (manifest == null) {
        throw new IllegalArgumentException(
            "release " + id + ", an ancestor, is not in " + stored.store() + ", expected all");
      }
      lineage.add(id);
      id = manifest.parent();
    }
    return lineage;
  }
}
