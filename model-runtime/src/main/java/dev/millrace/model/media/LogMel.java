package dev.millrace.model.media;

import java.util.Arrays;

/**
 * The logarithm of the energy in bands of the mel scale (O'Shaughnessy 1987; 2595·log10(1 +
 * f/700)): windows of 32 ms (Hann) every 16 ms, triangular bands, each utterance normalised.
 */
final class LogMel {

  static final int RATE = 16_000;

  private static final int WINDOW = 512;
  private static final int HOP = 256;
  private static final double LOWEST = 60;
  private static final double HIGHEST = 7_600;
  private static final double FLOOR = 1e-7;

  /** Samples of the longest beginning that is looked at. */
  static final int SAMPLES = WINDOW + HOP * (Sound.FRAMES - 1);

  private static final float[] HANN = hann();
  private static final float[][] BANDS = bands();

  private LogMel() {}

  /** (BANDS, FRAMES) of the samples, 16,000 a second. */
  static float[] of(float[] samples) {
    int frames = Math.min(Sound.FRAMES, Math.max(1, 1 + (samples.length - WINDOW) / HOP));
    float[] mel = new float[Sound.BANDS * Sound.FRAMES];
    for (int frame = 0; frame < frames; frame++) {
      double[] power = power(samples, frame * HOP);
      for (int band = 0; band < Sound.BANDS; band++) {
        double sum = 0;
        for (int k = 0; k < power.length; k++) {
          sum += BANDS[band][k] * power[k];
        }
        mel[band * Sound.FRAMES + frame] = (float) Math.log(sum + FLOOR);
      }
    }
    normalize(mel, frames);
    return mel;
  }

  /** |spectrum|² of a window: (WINDOW / 2 + 1). */
  private static double[] power(float[] samples, int from) {
    double[] re = new double[WINDOW];
    double[] im = new double[WINDOW];
    for (int i = 0; i < WINDOW && from + i < samples.length; i++) {
      re[i] = samples[from + i] * HANN[i];
    }
    Fourier.transform(re, im);
    double[] power = new double[WINDOW / 2 + 1];
    for (int k = 0; k < power.length; k++) {
      power[k] = re[k] * re[k] + im[k] * im[k];
    }
    return power;
  }

  private static void normalize(float[] mel, int frames) {
    double sum = 0;
    double squares = 0;
    for (int band = 0; band < Sound.BANDS; band++) {
      for (int frame = 0; frame < frames; frame++) {
        double value = mel[band * Sound.FRAMES + frame];
        sum += value;
        squares += value * value;
      }
    }
    int n = Sound.BANDS * frames;
    double mean = sum / n;
    double deviation = Math.sqrt(Math.max(0, squares / n - mean * mean)) + 1e-3;
    for (int band = 0; band < Sound.BANDS; band++) {
      for (int frame = 0; frame < frames; frame++) {
        int i = band * Sound.FRAMES + frame;
        mel[i] = (float) ((mel[i] - mean) / deviation);
      }
    }
  }

  private static float[] hann() {
    float[] window = new float[WINDOW];
    for (int i = 0; i < WINDOW; i++) {
      window[i] = (float) (0.5 - 0.5 * Math.cos(2 * Math.PI * i / WINDOW));
    }
    return window;
  }

  /** (bands, WINDOW / 2 + 1) */
  private static float[][] bands() {
    double[] edges = new double[Sound.BANDS + 2];
    Arrays.setAll(
        edges, i -> hertz(mel(LOWEST) + (mel(HIGHEST) - mel(LOWEST)) * i / (Sound.BANDS + 1)));
    float[][] bands = new float[Sound.BANDS][WINDOW / 2 + 1];
    for (int band = 0; band < Sound.BANDS; band++) {
      for (int k = 0; k <= WINDOW / 2; k++) {
        double hertz = (double) k * RATE / WINDOW;
        double up = (hertz - edges[band]) / (edges[band + 1] - edges[band]);
        double down = (edges[band + 2] - hertz) / (edges[band + 2] - edges[band + 1]);
        bands[band][k] = (float) Math.max(0, Math.min(up, down));
      }
    }
    return bands;
  }

  private static double mel(double hertz) {
    return 2595 * Math.log10(1 + hertz / 700);
  }

  private static double hertz(double mel) {
    return 700 * (Math.pow(10, mel / 2595) - 1);
  }
}
