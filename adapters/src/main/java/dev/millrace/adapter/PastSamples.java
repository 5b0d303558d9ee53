package dev.millrace.adapter;

import dev.millrace.schema.Origin;
import java.util.Map;

/** Reads samples again that were learned before. */
@FunctionalInterface
public interface PastSamples {

  /**
   * Token ids by place, as they were learned; what is no longer on its topic is not among them, nor
   * what stands there in a sample's place.
   *
   * @param samples their ids by place
   * @throws java.io.UncheckedIOException if the topic cannot be read now
   */
  Map<Origin, int[]> tokens(Map<Origin, String> samples);

  /** All have expired. */
  static PastSamples none() {
    return samples -> Map.of();
  }
}
