package dev.millrace.adapter;

import dev.millrace.schema.ReleaseEvent;
import org.jspecify.annotations.Nullable;

/** Tells what domains of tenants, and the shared ones of their names, answer with. */
@FunctionalInterface
public interface SharedReleases {

  /**
   * The events by which both answer, each null where that domain has no release or is at its base.
   *
   * @param own of the tenant's domain; what its learner has just written may not be committed yet
   */
  record Answering(@Nullable ReleaseEvent own, @Nullable ReleaseEvent shared) {

    /** Neither has a release. */
    static final Answering NONE = new Answering(null, null);

    /** By which the shared domain answers the tenant; null where it does not. */
    public @Nullable ReleaseEvent inItsPlace() {
      return own == null ? shared : null;
    }
  }

  /**
   * What answers now.
   *
   * @throws java.io.UncheckedIOException if it cannot be read now
   */
  Answering answering(String tenant, String domain);

  /** No domain has a release. */
  static SharedReleases none() {
    return (tenant, domain) -> Answering.NONE;
  }
}
