package dev.millrace.adapter.batch;

import dev.millrace.schema.Origin;
import dev.millrace.schema.ScoredSample;

/**
 * What is kept of a sample after its batch: enough to learn from it again, and to name it.
 *
 * @param batch number of the batch that it was learned with; 0 while it was not, or if nobody knows
 */
public record Remembered(String id, Origin origin, int[] tokens, long batch) {

  /** Keeps what was not learned yet. */
  public Remembered(String id, Origin origin, int[] tokens) {
    this(id, origin, tokens, 0);
  }

  /** The same once it was learned. */
  public Remembered learnedWith(long number) {
    return new Remembered(id, origin, tokens, number);
  }

  /** Keeps a text that is no sample. */
  public static Remembered of(int[] tokens) {
    return new Remembered("", Origin.NOWHERE, tokens);
  }

  /** Keeps the tokens of a scored sample. */
  public static Remembered of(ScoredSample sample) {
    return new Remembered(sample.sample().id(), sample.sample().origin(), sample.tokens());
  }
}
