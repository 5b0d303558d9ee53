package dev.millrace.model.score;

import dev.millrace.model.align.AlignAdapter;
import dev.millrace.model.align.Input;
import dev.millrace.model.align.Places;
import dev.millrace.schema.Sample;
import dev.millrace.schema.ScoredSample;
import org.jspecify.annotations.Nullable;

/** A sample on its way through the cascade: each stage adds what it found out. */
final class Candidate {

  private final Sample sample;
  private final String text;
  private final boolean heldOut;
  private byte[] normalized = {};
  private long[] signature = {};
  private long[] mediaSignature = {};
  private int[] words = {};
  private long[] bag = {};
  private Reference.Fit fit = new Reference.Fit(0, 0, 0, 1);
  private int[] tokens = {};
  private float[] embedding = {};
  private double entropy = Double.NaN;
  private double loss = Double.NaN;
  private double diversity = Double.NaN;
  private double quality = Double.NaN;
  private @Nullable Input media;
  private Places places = Places.NONE;
  private final AlignAdapter alignment;

  Candidate(Sample sample, boolean heldOut) {
    this(sample, heldOut, AlignAdapter.NONE);
  }

  /**
   * @param alignment what the domain adds to the encoders
   */
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
    candidate.normalized(Normalizer.normalize(part));
    return candidate;
  }

  Sample sample() {
    return sample;
  }

  String text() {
    return text;
  }

  boolean heldOut() {
    return heldOut;
  }

  /** The text as duplicates are told by, in UTF-8. */
  byte[] normalized() {
    return normalized;
  }

  void normalized(byte[] value) {
    normalized = value;
  }

  long[] signature() {
    return signature;
  }

  void signature(long[] value) {
    signature = value;
  }

  /** Of the bytes of a picture or a sound; empty for text. */
  long[] mediaSignature() {
    return mediaSignature;
  }

  void mediaSignature(long[] value) {
    mediaSignature = value;
  }

  int[] words() {
    return words;
  }

  void words(int[] value) {
    words = value;
  }

  /** The signature of the words, whatever their order; empty for a text of few words. */
  long[] bag() {
    return bag;
  }

  void bag(long[] value) {
    bag = value;
  }

  Reference.Fit fit() {
    return fit;
  }

  void fit(Reference.Fit value) {
    fit = value;
  }

  int[] tokens() {
    return tokens;
  }

  void tokens(int[] value) {
    tokens = value;
  }

  float[] embedding() {
    return embedding;
  }

  void embedding(float[] value) {
    embedding = value;
  }

  double entropy() {
    return entropy;
  }

  void entropy(double value) {
    entropy = value;
  }

  /** Mean −log p, nats per token. */
  double loss() {
    return loss;
  }

  void loss(double value) {
    loss = value;
  }

  void diversity(double value) {
    diversity = value;
  }

  double diversity() {
    return diversity;
  }

  void quality(double value) {
    quality = value;
  }

  double quality() {
    return quality;
  }

  /** What an encoder takes of a picture or a sound; null for text. */
  @Nullable Input media() {
    return media;
  }

  void media(Input value) {
    media = value;
  }

  void places(Places value) {
    places = value;
  }

  /** Where the encoders see a picture or a sound and its caption; none of a text. */
  Places places() {
    return places;
  }

  /** What the domain adds to them. */
  AlignAdapter alignment() {
    return alignment;
  }

  /** As it goes on to learning: media taught by their caption and are not needed any more. */
  ScoredSample scored() {
    return new ScoredSample(sample.withoutMedia(), tokens, entropy, diversity, quality, heldOut);
  }
}
