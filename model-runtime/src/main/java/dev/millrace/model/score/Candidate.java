package dev.millrace.model.score;

import dev.millrace.model.align.AlignAdapter;
import dev.millrace.model.align.Input;
import dev.millrace.model.align.Places;
import dev.millrace.schema.Sample;
import dev.millrace.schema.ScoredSample;
import org.jspecify.annotations.Nullable;

/** A sample on its way through the cascade: each stage adds what it found out. */
final class Candidate {

  final Sample sample;
  final String text;
  final boolean heldOut;

  /** What the domain adds to the encoders. */
  final AlignAdapter alignment;

  /** The text as duplicates are told by, in UTF-8. */
  byte[] normalized = {};

  long[] signature = {};

  /** Of the bytes of a picture or a sound; empty for text. */
  long[] mediaSignature = {};

  int[] words = {};

  /** The signature of the words, whatever their order; empty for a text of few words. */
  long[] bag = {};

  Reference.Fit fit = new Reference.Fit(0, 0, 0, 1);
  int[] tokens = {};
  float[] embedding = {};
  double entropy = Double.NaN;

  /** Mean −log p, nats per token. */
  double loss = Double.NaN;

  double diversity = Double.NaN;
  double quality = Double.NaN;

  /** What an encoder takes of a picture or a sound; null for text. */
  @Nullable Input media;

  /** Where the encoders see a picture or a sound and its caption; none of a text. */
  Places places = Places.NONE;

  Candidate(Sample sample, boolean heldOut) {
    this(sample, heldOut, AlignAdapter.NONE);
  }

  Candidate(Sample sample, boolean heldOut, AlignAdapter alignment) {
    this(sample, sample.teaches(), heldOut, alignment);
  }

  private Candidate(Sample sample, String text, boolean heldOut, AlignAdapter alignment) {
    this.sample = sample;
    this.text = text;
    this.heldOut = heldOut;
    this.alignment = alignment;
  }

  /** A part of its text as a candidate of its own. */
  Candidate of(String part) {
    Candidate candidate = new Candidate(sample, part, heldOut, alignment);
    candidate.normalized = Normalizer.normalize(part);
    return candidate;
  }

  /** As it goes on to learning: media taught by their caption and are not needed any more. */
  ScoredSample scored() {
    return new ScoredSample(sample.withoutMedia(), tokens, entropy, diversity, quality, heldOut);
  }
}
