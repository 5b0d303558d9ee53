package dev.millrace.model.djl;

import ai.djl.pytorch.engine.PtNDArray;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What a program did with n tokens.
 *
 * @param logProbs (n): log p of the next token, nats
 * @param likeliest (n): the token that it would have said
 * @param experts one entry a sparse layer: (n, k), the experts of each token, −1 where one was
 *     dropped
 */
record Trace(float[] logProbs, int[] likeliest, List<int[][]> experts) {

  static Trace of(PtNDArray[] out) {
    return new Trace(out[0].toFloatArray(), ints(out[1].toLongArray()), experts(out, 2));
  }

  /** What each sparse layer chose and kept, from an output on. */
  static List<int[][]> experts(PtNDArray[] out, int from) {
    List<int[][]> experts = new ArrayList<>();
    for (int i = from; i < out.length; i += 2) {
      experts.add(experts(out[i], out[i + 1].toLongArray()));
    }
    return experts;
  }

  static int[] ints(long[] values) {
    return Arrays.stream(values).mapToInt(Math::toIntExact).toArray();
  }

  private static int[][] experts(PtNDArray chosen, long[] kept) {
    int k = Math.toIntExact(chosen.getShape().get(1));
    long[] flat = chosen.toLongArray();
    int[][] experts = new int[flat.length / k][k];
    for (int[] row : experts) {
      Arrays.fill(row, -1);
    }
    for (long at : kept) {
      experts[(int) at / k][(int) at % k] = (int) flat[(int) at];
    }
    return experts;
  }

  /** Sum of −log p, nats. */
  double loss() {
    double loss = 0;
    for (float p : logProbs) {
      loss -= p;
    }
    return loss;
  }
}
