package dev.millrace.model.config;

/**
 * Rotary position embeddings (arXiv 2104.09864) and how they are stretched beyond the lengths of
 * pre-training.
 *
 * @param theta base of the frequencies
 * @param attentionFactor factor on cos and sin
 */
public record RopeConfig(double theta, Scaling scaling, double attentionFactor) {

  /** From the plain frequencies of {@code dim} features to the stretched ones. */
  public sealed interface Scaling {}

  /** None. */
  public record Plain() implements Scaling {}

  /** None within {@code max_position_embeddings}; beyond, it depends on a text's length. */
  public record Dynamic(double factor) implements Scaling {}

  /** All frequencies divided by a factor. */
  public record Linear(double factor) implements Scaling {}

  /**
   * YaRN (arXiv 2309.00071): slow features are divided by the factor, fast ones kept.
   *
   * @param original positions of pre-training
   * @param truncate the bounds of the ramp are whole features
   */
  public record Yarn(
      double factor, double betaFast, double betaSlow, int original, boolean truncate)
      implements Scaling {}

  /**
   * Llama 3's: as YaRN, by wavelength.
   *
   * @param original positions of pre-training
   */
  public record Llama3(double factor, double lowFreqFactor, double highFreqFactor, int original)
      implements Scaling {}

  static RopeConfig plain(double theta) {
    return new RopeConfig(theta, new Plain(), 1);
  }

  /** Radians a position, for each of {@code dim / 2} pairs of features. */
  public float[] frequencies(int dim) {
    float[] frequencies = new float[dim / 2];
    for (int i = 0; i < frequencies.length; i++) {
      double plain = 1 / Math.pow(theta, 2.0 * i / dim);
      frequencies[i] = (float) scaled(plain, i, dim);
    }
    return frequencies;
  }

  private double scaled(double frequency, int pair, int dim) {
    if (scaling instanceof Linear linear) {
      return frequency / linear.factor;
    }
    if (scaling instanceof Yarn yarn) {
      double kept = 1 - ramp(yarn, pair, dim);
      return frequency / yarn.factor * (1 - kept) + frequency * kept;
    }
    if (scaling instanceof Llama3 llama3) {
      return scaled(llama3, frequency);
    }
    return frequency;
  }

  private double ramp(Yarn yarn, int pair, int dim) {
    double low = feature(yarn.betaFast, yarn, dim);
    double high = feature(yarn.betaSlow, yarn, dim);
    if (yarn.truncate) {
      low = Math.floor(low);
      high = Math.ceil(high);
    }
    low = Math.max(low, 0);
    high = Math.min(high, dim - 1);
    if (low == high) {
      high += 0.001;
    }
    return Math.max(0, Math.min(1, (pair - low) / (high - low)));
  }

  /** The feature that turns so many times within the original positions. */
  private double feature(double rotations, Yarn yarn, int dim) {
    return dim * Math.log(yarn.original / (rotations * 2 * Math.PI)) / (2 * Math.log(theta));
  }

  private static double scaled(Llama3 llama3, double frequency) {
    double wavelength = 2 * Math.PI / frequency;
    if (wavelength < llama3.original / llama3.highFreqFactor) {
      return frequency;
    }
    if (wavelength > llama3.original / llama3.lowFreqFactor) {
      return frequency / llama3.factor;
    }
    double smooth =
        (llama3.original / wavelength - llama3.lowFreqFactor)
            / (llama3.highFreqFactor - llama3.lowFreqFactor);
    return (1 - smooth) * frequency / llama3.factor + smooth * frequency;
  }
}
