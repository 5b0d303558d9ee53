package dev.millrace.adapter.batch;

import dev.millrace.schema.Origin;
import dev.millrace.schema.ScoredSample;

/** What is kept of a sample after its batch: enough to learn from it again, and to name it. */
public record Remembered(String id, Origin origin, int[] tokens) {

  /** Keeps a text that is no sample. */
  public static Remembered of(int[] tokens) {
    return new Remembered("", Origin.NOWHERE, tokens);
  }

  /** Keeps the tokens of a scored sample. */
  public static Remembered of(ScoredSample sample) {
    return new Remembered(sample.sample().id(), sample.sample().origin(), sample.tokens());
  }
}
