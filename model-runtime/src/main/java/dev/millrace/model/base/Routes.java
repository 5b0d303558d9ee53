package dev.millrace.model.base;

import java.util.List;

/**
 * Which experts read a sequence.
 *
 * @param layers one entry a sparse layer: (tokens, k), −1 where one was dropped
 */
public record Routes(List<int[][]> layers) {

  /** Mean |A∩B|/k over tokens and sparse layers; 1 where no layer is sparse. */
  public double agreement(Routes other) {
    double shared = 0;
    long routed = 0;
    for (int layer = 0; layer < layers.size(); layer++) {
      int[][] mine = layers.get(layer);
      int[][] others = other.layers.get(layer);
      for (int t = 0; t < mine.length; t++) {
        shared += shared(mine[t], others[t]);
        routed++;
      }
    }
    return routed == 0 ? 1 : shared / routed;
  }

  private static double shared(int[] a, int[] b) {
    int both = 0;
    for (int one : a) {
      for (int another : b) {
        if (one == another) {
          both++;
          break;
        }
      }
    }
    return (double) both / a.length;
  }
}
