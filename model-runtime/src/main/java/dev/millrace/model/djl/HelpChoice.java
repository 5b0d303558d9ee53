package dev.millrace.model.djl;

import java.util.Arrays;

/**
 * Whether help makes steps shorter at this time, by how long the last ones took: on processors that
 * other processes use it makes them longer. Now and then a step is computed the other way.
 */
final class HelpChoice {

  /** Steps of each way that are compared, by their median. */
  private static final int COMPARED = 5;

  private static final int OTHER_WAY = 16;

  private final long[][] nanos = new long[2][COMPARED];
  private final int[] counts = new int[2];

  /** Whether the next step is to have help. */
  boolean next() {
    int steps = counts[0] + counts[1];
    if (steps < 2 * COMPARED) {
      return counts[1] <= counts[0];
    }
    return (steps % OTHER_WAY == 0) != better();
  }

  /** Whether steps with help were shorter of late; they are while too few are known. */
  boolean better() {
    return counts[0] + counts[1] < 2 * COMPARED || median(nanos[1]) < median(nanos[0]);
  }

  private static long median(long[] times) {
    long[] sorted = times.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  /** How long a step took, with help or without. */
  void took(boolean helped, long time) {
    int way = helped ? 1 : 0;
    nanos[way][counts[way] % COMPARED] = time;
    counts[way]++;
  }
}
