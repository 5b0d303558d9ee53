package dev.millrace.model.simd;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Loops over registers of this processor. None's result depends on how wide they are: sums are of
 * sixteen partial ones, and products are added up in the order of the columns.
 */
final class Lanes {

  /** Numbers of which rows are made up: a register's, or two. */
  static final int GROUP = 16;

  static final VectorSpecies<Float> F =
      FloatVector.SPECIES_PREFERRED.length() >= GROUP
          ? FloatVector.SPECIES_512
          : FloatVector.SPECIES_256;

  static final int WIDTH = F.length();

  private static final VectorSpecies<Byte> B =
      WIDTH == GROUP ? ByteVector.SPECIES_128 : ByteVector.SPECIES_64;

  private Lanes() {}

  static FloatVector load(float[] x, int at) {
    return FloatVector.fromArray(F, x, at);
  }

  static FloatVector all(float x) {
    return FloatVector.broadcast(F, x);
  }

  static FloatVector widened(byte[] q, int at) {
    return (FloatVector) ByteVector.fromArray(B, q, at).convertShape(VectorOperators.B2F, F, 0);
  }

  /** {@link Exp}. */
  static FloatVector exp(FloatVector x) {
    FloatVector within = x.max(Exp.LEAST - 1).min(Exp.MOST);
    FloatVector rounded = within.mul(Exp.LOG2E).add(Exp.TO_WHOLE);
    FloatVector n = rounded.sub(Exp.TO_WHOLE);
    FloatVector r = within.sub(n.mul(Exp.LN2)).sub(n.mul(Exp.LN2_REST));
    FloatVector p = r.mul(Exp.C0).add(Exp.C1);
    p = p.mul(r).add(Exp.C2);
    p = p.mul(r).add(Exp.C3);
    p = p.mul(r).add(Exp.C4);
    p = p.mul(r).add(Exp.C5);
    p = p.mul(r.mul(r)).add(r).add(1f);
    IntVector exponent = rounded.reinterpretAsInts().add(127); // in its last bits
    return p.mul(exponent.lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats())
        .blend(0f, x.compare(VectorOperators.LT, Exp.LEAST));
  }

  /** y = e^((x - most) / temperature) of as many of n numbers as registers hold, which it gives. */
  static int exp(float[] x, int from, int n, float most, float temperature, float[] y) {
    int whole = n - n % WIDTH;
    for (int i = 0; i < whole; i += WIDTH) {
      exp(load(x, from + i).sub(most).div(temperature)).intoArray(y, i);
    }
    return whole;
  }

  /** The sum of the products of n numbers, a multiple of {@link #GROUP}. */
  static float dot(float[] x, int xAt, float[] y, int yAt, int n) {
    FloatVector low = FloatVector.zero(F);
    FloatVector high = FloatVector.zero(F);
    for (int i = 0; i < n; i += GROUP) {
      low = load(x, xAt + i).fma(load(y, yAt + i), low);
      if (WIDTH < GROUP) {
        high = load(x, xAt + i + WIDTH).fma(load(y, yAt + i + WIDTH), high);
      }
    }
    return total(low, high);
  }

  /** The sum of n numbers, a multiple of {@link #GROUP}. */
  static float sum(float[] x, int at, int n) {
    FloatVector low = FloatVector.zero(F);
    FloatVector high = FloatVector.zero(F);
    for (int i = 0; i < n; i += GROUP) {
      low = low.add(load(x, at + i));
      if (WIDTH < GROUP) {
        high = high.add(load(x, at + i + WIDTH));
      }
    }
    return total(low, high);
  }

  /** Partial sums in pairs, eight apart, four apart and so on. */
  private static float total(FloatVector low, FloatVector high) {
    float[] parts = new float[GROUP];
    low.intoArray(parts, 0);
    if (WIDTH < GROUP) {
      high.intoArray(parts, WIDTH);
    }
    for (int half = GROUP / 2; half > 0; half /= 2) {
      for (int i = 0; i < half; i++) {
        parts[i] += parts[i + half];
      }
    }
    return parts[0];
  }

  static float greatest(float[] x, int at, int n) {
    FloatVector greatest = all(Float.NEGATIVE_INFINITY);
    for (int i = 0; i < n; i += WIDTH) {
      greatest = greatest.max(load(x, at + i));
    }
    return greatest.reduceLanes(VectorOperators.MAX);
  }

  /** y += a·x. */
  static void add(float a, float[] x, int xAt, float[] y, int yAt, int n) {
    FloatVector factor = all(a);
    for (int i = 0; i < n; i += WIDTH) {
      load(x, xAt + i).fma(factor, load(y, yAt + i)).intoArray(y, yAt + i);
    }
  }

  /** y = x / √(mean of squares + eps) · w (RMSNorm). */
  static void norm(float[] x, int xAt, float[] w, double eps, float[] y, int yAt, int n) {
    float mean = dot(x, xAt, x, xAt, n) / n;
    float a = (float) (1 / Math.sqrt(mean + eps));
    for (int i = 0; i < n; i += WIDTH) {
      load(x, xAt + i).mul(a).mul(load(w, i)).intoArray(y, yAt + i);
    }
  }

  /** e^(x - most) in the place of x. */
  static void exp(float[] x, int at, float most, int n) {
    for (int i = 0; i < n; i += WIDTH) {
      exp(load(x, at + i).sub(most)).intoArray(x, at + i);
    }
  }

  /** Σ e^(x - most). */
  static float sumOfExp(float[] x, int at, float most, int n) {
    FloatVector low = FloatVector.zero(F);
    FloatVector high = FloatVector.zero(F);
    for (int i = 0; i < n; i += GROUP) {
      low = low.add(exp(load(x, at + i).sub(most)));
      if (WIDTH < GROUP) {
        high = high.add(exp(load(x, at + i + WIDTH).sub(most)));
      }
    }
    return total(low, high);
  }

  static void subtract(float[] x, int at, float b, int n) {
    for (int i = 0; i < n; i += WIDTH) {
      load(x, at + i).sub(b).intoArray(x, at + i);
    }
  }

  /** silu(g)·u of n numbers each, u behind g. */
  static void gate(float[] gu, int at, int n, float[] y, int yAt) {
    for (int i = 0; i < n; i += WIDTH) {
      FloatVector g = load(gu, at + i);
      FloatVector silu = g.div(exp(g.neg()).add(1f));
      silu.mul(load(gu, at + n + i)).intoArray(y, yAt + i);
    }
  }

  static void clamp(float[] x, int at, float bound, int n) {
    for (int i = 0; i < n; i += WIDTH) {
      load(x, at + i).max(-bound).min(bound).intoArray(x, at + i);
    }
  }

  /** y = Σ x[i]·w[i], rows w[i] of n numbers, in fp32. */
  static void combine(float[] x, int xAt, int rows, float[] w, int wAt, float[] y, int yAt, int n) {
    for (int o = 0; o < n; o += WIDTH) {
      FloatVector sum = FloatVector.zero(F);
      for (int i = 0; i < rows; i++) {
        sum = load(w, wAt + i * n + o).fma(all(x[xAt + i]), sum);
      }
      sum.intoArray(y, yAt + o);
    }
  }
}
