package dev.millrace.adapter;

import dev.millrace.schema.Origin;
import org.jspecify.annotations.Nullable;

/**
 * What people have said of a domain's releases.
 *
 * @param obeyed the release event that the next manifest will name; null if none
 * @param pinned true while nothing new may be learned
 */
public record Orders(@Nullable Origin obeyed, boolean pinned) {

  /** Nobody has said anything. */
  public static final Orders NONE = new Orders(null, false);

  /** Once a manifest has named the event. */
  Orders named() {
    return new Orders(null, pinned);
  }
}
