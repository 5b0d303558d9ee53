package dev.millrace.adapter.train;

import dev.millrace.adapter.batch.Remembered;
import java.util.List;

/**
 * What one training run is made of.
 *
 * @param fresh the batch's samples, in order of arrival
 * @param replayed what was drawn from the domain's past
 * @param anchors token ids of the base's anchor set; an epoch draws its share anew
 */
public record Lesson(
    List<Remembered> fresh, List<Remembered> replayed, List<int[]> anchors, long seed) {

  /** The tokens of the batch's samples. */
  public List<int[]> freshTokens() {
    return fresh.stream().map(Remembered::tokens).toList();
  }
}
