package dev.millrace.job.bench.serve;

import java.util.Arrays;
import java.util.Random;

/** How likely each of some domains is asked for. */
enum Choice {
  /** The k-th likeliest as likely as 1/k. */
  ZIPF {
    @Override
    double weight(int rank) {
      return 1.0 / (rank + 1);
    }
  },
  /** All alike. */
  UNIFORM {
    @Override
    double weight(int rank) {
      return 1;
    }
  };

  abstract double weight(int rank);

  /** Draws among so many. */
  Draws among(int count, Random random) {
    double[] sums = new double[count];
    for (int i = 0; i < count; i++) {
      sums[i] = weight(i) + (i == 0 ? 0 : sums[i - 1]);
    }
    return new Draws(sums, random);
  }

  /** A source of draws: (count) sums of the weights up to each. */
  record Draws(double[] sums, Random random) {

    int next() {
      int found = Arrays.binarySearch(sums, random.nextDouble() * sums[sums.length - 1]);
      return Math.min(sums.length - 1, found < 0 ? -found - 1 : found + 1);
    }
  }
}
