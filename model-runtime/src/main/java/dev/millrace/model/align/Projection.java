package dev.millrace.model.align;

import java.util.random.RandomGenerator;

/**
 * From what an encoder found to the rows of a prefix: {@code out · silu(in · x + inBias) +
 * outBias}.
 *
 * @param inner width between
 * @param outputs rows times hidden_size
 * @param in (inner, features)
 * @param out (outputs, inner)
 */
public record Projection(
    int inner, int outputs, float[] in, float[] inBias, float[] out, float[] outBias) {

  /** What the encoder of pictures finds: its place, and the last map, 96 channels of 4 × 4. */
  public static final int PICTURE = Aligner.DIMENSION + 96 * 4 * 4;

  /** What the encoder of sounds finds: its place, mean and most of 128 channels in 4 quarters. */
  public static final int SOUND = Aligner.DIMENSION + 2 * 128 * 4;

  static final Projection NONE =
      new Projection(0, 0, new float[0], new float[0], new float[0], new float[0]);

  /** About that of the embeddings of a trained base. */
  private static final double ROWS_DEVIATION = 0.1;

  /** Freshly drawn: rows like embeddings, which hardly depend on what is seen. */
  public static Projection random(int features, int inner, int outputs, RandomGenerator random) {
    return new Projection(
        inner,
        outputs,
        drawn(inner * features, Math.sqrt(2.0 / features), random),
        new float[inner],
        drawn(outputs * inner, ROWS_DEVIATION / Math.sqrt(inner), random),
        drawn(outputs, ROWS_DEVIATION, random));
  }

  int parameters() {
    return in.length + inBias.length + out.length + outBias.length;
  }

  private static float[] drawn(int n, double deviation, RandomGenerator random) {
    float[] drawn = new float[n];
    for (int i = 0; i < n; i++) {
      drawn[i] = (float) (deviation * random.nextGaussian());
    }
    return drawn;
  }
}
