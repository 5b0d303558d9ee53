package dev.millrace.model.swap;

import dev.millrace.schema.ReleaseEvent;
import org.jspecify.annotations.Nullable;

/** Whose domain; a null tenant means shared. */
record Alias(@Nullable String tenant, String domain) {

  static Alias of(ReleaseEvent event) {
    return new Alias(event.tenant(), event.domain());
  }
}
