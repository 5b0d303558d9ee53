package dev.millrace.model.swap;

import dev.millrace.model.assign.Assignment;
import dev.millrace.model.assign.Profile;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The releases that a tenant may see, by domain: its own before shared ones. */
record Visible(SortedMap<String, Registered> releases) {

  static Visible to(@Nullable String tenant, Map<Alias, Answering> live) {
    SortedMap<String, Registered> releases = new TreeMap<>();
    live.forEach(
        (alias, answering) -> {
          Registered release = answering.release();
          if (release == null) {
            return;
          }
          if (alias.tenant() == null) {
            releases.putIfAbsent(alias.domain(), release);
          } else if (alias.tenant().equals(tenant)) {
            releases.put(alias.domain(), release);
          }
        });
    return new Visible(releases);
  }

  /** The release of the domain that a text belongs to; null if that is none. */
  @Nullable Registered assigned(int[] text) {
    SortedMap<String, Profile> profiles = new TreeMap<>();
    releases.forEach(
        (domain, release) -> {
          Profile profile = release.profile();
          if (profile != null) {
            profiles.put(domain, profile);
          }
        });
    Assignment<String> assignment = Assignment.of(text, profiles);
    return assignment == null ? null : releases.get(assignment.domain());
  }
}
