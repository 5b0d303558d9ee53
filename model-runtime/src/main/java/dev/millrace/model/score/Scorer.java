package dev.millrace.model.score;

import dev.millrace.model.base.BaseModel;
import dev.millrace.model.text.Tokenizer;
import dev.millrace.schema.Sample;
import java.util.function.Predicate;

/**
 * Judges samples by a cascade of stages, cheapest first. The outcome is a function of the sample,
 * its domain's memory and the base model alone, and the memory afterwards as well.
 */
public interface Scorer {

  /** Judges a sample and lets its domain's memory learn of it. */
  Scored score(Sample sample, DomainMemory memory);

  /**
   * A scorer on a base model that it does not own.
   *
   * @param heldOut true for samples of held-out documents
   */
  static Scorer of(
      BaseModel base, Tokenizer tokenizer, Predicate<Sample> heldOut, ScorerConfig config) {
    return new CascadeScorer(base, tokenizer, heldOut, config);
  }
}
