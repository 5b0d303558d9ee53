package dev.millrace.model.release;

import dev.millrace.schema.Origin;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

/**
 * A sample that a release was trained on.
 *
 * @param sample its id
 * @param origin where it was read
 * @param replay true if an earlier batch had taught it already
 * @param tokens of its text that taught, its first; 0 where it is no text, and in manifests of
 *     earlier code
 */
public record LearnedSample(String sample, Origin origin, boolean replay, int tokens) {

  /** Of which nobody said how much of it taught. */
  public LearnedSample(String sample, Origin origin, boolean replay) {
    this(sample, origin, replay, 0);
  }

  /**
   * What of its text taught, of as much as was read.
   *
   * @param unsaid how many tokens taught, at most, where nobody said it
   */
  public int[] taught(int[] read, int unsaid) {
    return Arrays.copyOf(read, Math.min(read.length, tokens == 0 ? unsaid : tokens));
  }

  /** The most tokens of one of some samples that taught. */
  public static int mostTokens(Collection<LearnedSample> samples) {
    return samples.stream().mapToInt(LearnedSample::tokens).max().orElse(0);
  }

  /** The ids of samples by where they were read. */
  public static Map<Origin, String> ids(Collection<LearnedSample> samples) {
    Map<Origin, String> ids = new HashMap<>();
    samples.forEach(sample -> ids.put(sample.origin, sample.sample));
    return ids;
  }
}
