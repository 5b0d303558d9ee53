package dev.millrace.model.score;

import dev.millrace.model.align.AlignAdapter;
import dev.millrace.model.align.Aligner;
import dev.millrace.model.assign.KnownTexts;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.text.Tokenizer;
import dev.millrace.schema.Sample;

/**
 * Judges samples by a cascade of stages, cheapest first. The outcome is a function of the sample,
 * its domain's memory and alignment, and the base model alone, and the memory afterwards as well.
 */
public interface Scorer {

  /** Judges a sample and lets its domain's memory learn of it. */
  Scored score(Sample sample, DomainMemory memory);

  /**
   * The same where a domain has an alignment of its own: what tells how well a caption fits, and
   * how new a picture or a sound is. Texts do not ask for it.
   */
  default Scored score(Sample sample, DomainMemory memory, AlignAdapter alignment) {
    return score(sample, memory);
  }

  /** What it reads by. */
  default Readers readers() {
    return Readers.NONE;
  }

  /** Names how it chooses what is held out; empty if it holds nothing out. */
  default String heldOut() {
    return "";
  }

  /**
   * A scorer on a base model and a tokenizer that it does not own; pictures and sounds are refused.
   *
   * @param known what the base knows
   * @param heldOut which documents judge and never teach
   */
  static Scorer of(
      BaseModel base, Tokenizer tokenizer, KnownTexts known, HeldOut heldOut, ScorerConfig config) {
    return CascadeScorer.of(base, tokenizer, known, heldOut, config);
  }

  /**
   * The same with encoders, which it does not own either: pictures and sounds teach by their
   * captions.
   *
   * @throws IllegalArgumentException if the encoders were trained beside another base
   */
  static Scorer of(
      BaseModel base,
      Tokenizer tokenizer,
      KnownTexts known,
      HeldOut heldOut,
      ScorerConfig config,
      Aligner aligner) {
    if (!aligner.config().base().equals(base.id())) {
      throw new IllegalArgumentException(
          "encoders of base %s, expected %s".formatted(aligner.config().base(), base.id()));
    }
    return CascadeScorer.of(base, tokenizer, known, heldOut, config, aligner);
  }
}
