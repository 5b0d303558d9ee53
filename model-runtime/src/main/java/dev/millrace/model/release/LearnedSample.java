package dev.millrace.model.release;

import dev.millrace.schema.Origin;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

/**
 * A sample that a release was trained on.
 *
 * @param sample its id
 * @param origin where it was read
 * @param replay true if an earlier batch had taught it already
 */
public record LearnedSample(String sample, Origin origin, boolean replay) {

  /** The ids of samples by where they were read. */
  public static Map<Origin, String> ids(Collection<LearnedSample> samples) {
    Map<Origin, String> ids = new HashMap<>();
    samples.forEach(sample -> ids.put(sample.origin, sample.sample));
    return ids;
  }
}
