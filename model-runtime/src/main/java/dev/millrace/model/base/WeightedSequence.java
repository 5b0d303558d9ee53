package dev.millrace.model.base;

import org.jspecify.annotations.Nullable;

/**
 * Token ids and the weight that each of its predictions has in the loss.
 *
 * @param taught what a teacher says after each token but the last; null where the text itself
 *     teaches
 */
public record WeightedSequence(int[] tokens, float weight, @Nullable Likeliest taught) {

  /** What the text itself teaches. */
  public WeightedSequence(int[] tokens, float weight) {
    this(tokens, weight, null);
  }
}
