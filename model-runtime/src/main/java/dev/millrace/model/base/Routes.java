package dev.millrace.model.base;

import java.util.Arrays;
import java.util.List;

/**
 * Which experts read a sequence.
 *
 * @param layers one entry a sparse layer: (tokens, k), −1 where one was dropped
 */
public record Routes(List<int[][]> layers) {

  /** Experts that ran, over all tokens and sparse layers. */
  public long active() {
    return layers.stream()
        .flatMap(Arrays::stream)
        .flatMapToInt(Arrays::stream)
        .filter(expert -> expert >= 0)
        .count();
  }

  /** Adds how often each expert of the last sparse layer ran. */
  public void countLast(long[] experts) {
    if (!layers.isEmpty()) {
      for (int[] token : layers.get(layers.size() - 1)) {
        for (int expert : token) {
          if (expert >= 0) {
            experts[expert]++;
          }
        }
      }
    }
  }

  /** Tokens times sparse layers. */
  public long routed() {
    return layers.stream().mapToLong(layer -> layer.length).sum();
  }

  /** Mean |A∩B| / min(|A|, |B|) over tokens and sparse layers; 1 where no layer is sparse. */
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

  private static int count(int[] experts) {
    return (int) Arrays.stream(experts).filter(expert -> expert >= 0).count();
  }

  private static double shared(int[] a, int[] b) {
    int both = 0;
    for (int one : a) {
      if (one < 0) {
        continue;
      }
      for (int another : b) {
        if (one == another) {
          both++;
          break;
        }
      }
    }
    return (double) both / Math.max(1, Math.min(count(a), count(b)));
  }
}
