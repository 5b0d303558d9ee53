package dev.millrace.model.swap;

import org.jspecify.annotations.Nullable;

/**
 * What a release in memory is kept for. The place of what answers for an alias is the same whatever
 * release that is: what succeeds another takes over how often its domain is asked for.
 *
 * @param named the release that is there for those who name it; null: what answers for the alias
 */
record Place(Alias alias, @Nullable String named) {

  static Place answering(Alias alias) {
    return new Place(alias, null);
  }

  /** Where a release belongs. */
  @FunctionalInterface
  interface Of {
    /** The place of a release; null if nobody may ask for it any more. */
    @Nullable Place of(Alias alias, String release);
  }
}
