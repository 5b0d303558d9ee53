package dev.millrace.adapter;

import dev.millrace.schema.Origin;
import java.util.Map;
import java.util.Set;

/** Reads samples again that were learned before. */
@FunctionalInterface
public interface PastSamples {

  /**
   * Token ids by place, as they were learned; what is no longer on its topic is not among them.
   *
   * @throws IllegalStateException if the topic cannot be read now
   */
  Map<Origin, int[]> tokens(Set<Origin> places);

  /** All have expired. */
  static PastSamples none() {
    return places -> Map.of();
  }
}
