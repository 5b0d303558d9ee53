package dev.millrace.model.swap;

import org.jspecify.annotations.Nullable;

/**
 * What answers for an alias; a value.
 *
 * @param release null is the base
 * @param trial beside it; null if there is none
 */
record Answering(@Nullable Registered release, @Nullable Trial trial) {

  static final Answering NOTHING = new Answering(null, null);

  /** The release that answers a caller; null is the base. */
  @Nullable Registered to(long caller) {
    return trial != null && trial.answers(caller) ? trial.release() : release;
  }

  /** Whether a release of that id is on trial. */
  boolean tries(String id) {
    return trial != null && trial.release().release().equals(id);
  }
}
