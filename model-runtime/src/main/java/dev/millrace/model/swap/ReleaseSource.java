package dev.millrace.model.swap;

import dev.millrace.schema.ReleaseEvent;
import java.io.IOException;

/** Where releases are fetched from. */
@FunctionalInterface
public interface ReleaseSource {

  /**
   * Fetches the release that an event names and verifies all of it.
   *
   * @throws IOException if it is not there, or not what its id says
   */
  FetchedRelease fetch(ReleaseEvent event) throws IOException;
}
