package dev.millrace.adapter.batch;

import java.util.Arrays;
import java.util.List;

/** Seeded draws that depend on their arguments alone, so that state needs to keep no generator. */
public final class Draws {
  private Draws() {}

  /** A well-mixed function of a seed and a counter (SplitMix64's finalizer). */
  public static long mix(long seed, long counter) {
    long z = seed + 0x9E3779B97F4A7C15L * (counter + 1);
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }

  /** Uniform in [0, bound). */
  public static int below(int bound, long seed, long counter) {
    return (int) Math.floorMod(mix(seed, counter) >>> 1, (long) bound);
  }

  /** The order of n things, shuffled (Fisher-Yates). */
  public static int[] permutation(int n, long seed) {
    int[] order = new int[n];
    for (int i = 0; i < n; i++) {
      int j = below(i + 1, seed, i);
      order[i] = order[j];
      order[j] = i;
    }
    return order;
  }

  /** Up to n different things of a list. */
  public static <T> List<T> some(List<T> from, int n, long seed) {
    return Arrays.stream(permutation(from.size(), seed)).limit(n).mapToObj(from::get).toList();
  }
}
