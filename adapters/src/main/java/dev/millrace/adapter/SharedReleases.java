package dev.millrace.adapter;

import dev.millrace.schema.ReleaseEvent;
import org.jspecify.annotations.Nullable;

/** Tells what shared domains answer with. */
@FunctionalInterface
public interface SharedReleases {

  /**
   * The event by which the shared domain of a name answers a tenant. Null where none does: that
   * domain has no release, or is at its base, or a release of the tenant's own answers.
   *
   * @throws java.io.UncheckedIOException if it cannot be read now
   */
  @Nullable ReleaseEvent answering(String tenant, String domain);

  /** No shared domain has a release. */
  static SharedReleases none() {
    return (tenant, domain) -> null;
  }
}
