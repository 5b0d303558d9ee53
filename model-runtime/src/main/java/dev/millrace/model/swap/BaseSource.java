package dev.millrace.model.swap;

import dev.millrace.schema.ReleaseEvent;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Where bases come from that events name. */
@FunctionalInterface
public interface BaseSource {

  /**
   * Fetches the base that an event names and what was brought to it, verifies all of it, opens it
   * and warms it up. Who made the source closes it; one that is open already is given again.
   *
   * @return null if it takes the place of another base than the one which answers here
   * @throws dev.millrace.model.release.InvalidReleaseException if it must not be served
   * @throws IOException if it is not there, or cannot be read now
   */
  @Nullable NewBase open(ReleaseEvent event) throws IOException;

  /** Nothing more is to be opened; what is on its way may be given up. */
  default void stop() {}
}
