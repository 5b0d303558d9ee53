package dev.millrace.model.media;

/** The discrete Fourier transform of a length that is a power of two (Cooley and Tukey, 1965). */
final class Fourier {

  private Fourier() {}

  /** In place: X[k] = Σ x[n]·exp(−2πi·kn/N). */
  static void transform(double[] re, double[] im) {
    int n = re.length;
    reorder(re, im);
    for (int size = 2; size <= n; size *= 2) {
      double angle = -2 * Math.PI / size;
      for (int k = 0; k < size / 2; k++) {
        double cos = Math.cos(angle * k);
        double sin = Math.sin(angle * k);
        for (int top = k; top < n; top += size) {
          int bottom = top + size / 2;
          double x = re[bottom] * cos - im[bottom] * sin;
          double y = re[bottom] * sin + im[bottom] * cos;
          re[bottom] = re[top] - x;
          im[bottom] = im[top] - y;
          re[top] += x;
          im[top] += y;
        }
      }
    }
  }

  /** Each value to the place whose bits are its own reversed. */
  private static void reorder(double[] re, double[] im) {
    int shift = Integer.numberOfLeadingZeros(re.length) + 1;
    for (int i = 0; i < re.length; i++) {
      int j = Integer.reverse(i) >>> shift;
      if (j > i) {
        swap(re, i, j);
        swap(im, i, j);
      }
    }
  }

  private static void swap(double[] x, int i, int j) {
    double held = x[i];
    x[i] = x[j];
    x[j] = held;
  }
}
