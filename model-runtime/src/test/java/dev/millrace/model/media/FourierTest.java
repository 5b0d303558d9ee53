package dev.millrace.model.media;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Random;
import org.junit.jupiter.api.Test;

class FourierTest {

  @Test
  void transform_randomSignal_isTheSumThatDefinesIt() {
    int n = 64;
    Random random = new Random(5);
    double[] x = random.doubles(n, -1, 1).toArray();
    double[] y = random.doubles(n, -1, 1).toArray();
    double[] re = x.clone();
    double[] im = y.clone();
    Fourier.transform(re, im);
    for (int k = 0; k < n; k++) {
      double real = 0;
      double imaginary = 0;
      for (int t = 0; t < n; t++) {
        double angle = -2 * Math.PI * k * t / n;
        real += x[t] * Math.cos(angle) - y[t] * Math.sin(angle);
        imaginary += x[t] * Math.sin(angle) + y[t] * Math.cos(angle);
      }
      assertEquals(real, re[k], 1e-9);
      assertEquals(imaginary, im[k], 1e-9);
    }
  }
}
