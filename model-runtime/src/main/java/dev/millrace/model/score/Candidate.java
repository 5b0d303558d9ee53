package dev.millrace.model.score;

import dev.millrace.schema.Sample;
import dev.millrace.schema.ScoredSample;

/** A sample on its way through the cascade: each stage adds what it found out. */
final class Candidate {

  private final Sample sample;
  private final boolean heldOut;
  private String normalized = "";
  private long[] signature = {};
  private int[] tokens = {};
  private float[] embedding = {};
  private double entropy = Double.NaN;
  private double diversity = Double.NaN;
  private double quality = Double.NaN;

  Candidate(Sample sample, boolean heldOut) {
    this.sample = sample;
    this.heldOut = heldOut;
  }

  Sample sample() {
    return sample;
  }

  String text() {
    return sample.text();
  }

  boolean heldOut() {
    return heldOut;
  }

  String normalized() {
    return normalized;
  }

  void normalized(String value) {
    normalized = value;
  }

  long[] signature() {
    return signature;
  }

  void signature(long[] value) {
    signature = value;
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

  ScoredSample scored() {
    return new ScoredSample(sample, tokens, entropy, diversity, quality, heldOut);
  }
}
