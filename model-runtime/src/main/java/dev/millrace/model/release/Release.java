package dev.millrace.model.release;

import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.assign.Profile;
import org.jspecify.annotations.Nullable;

/**
 * A release of which everything was verified.
 *
 * @param profile what its domain's texts look like; null if it has none
 */
public record Release(Manifest manifest, AdapterWeights adapter, @Nullable Profile profile) {

  /** The profile to go on from. */
  public Profile profileOrEmpty() {
    return profile == null ? Profile.empty() : profile;
  }
}
