package dev.millrace.model.adapter;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** How far two adapters of one base are apart in what they add. */
public final class Difference {

  private final SplittableRandom random;

  private Difference(long seed) {
    this.random = new SplittableRandom(seed);
  }

  /**
   * The greatest |Δ| of {@code B·A·x} over the greatest entry of the same site and expert, for one
   * x of normal entries each; infinite where only one of the two adds.
   */
  public static double of(AdapterWeights one, AdapterWeights other, long seed) {
    List<Delta> deltas = one.deltas();
    Map<Site, Delta> others = bySite(other.deltas());
    if (!others.keySet().equals(bySite(deltas).keySet())) {
      return Double.POSITIVE_INFINITY;
    }
    Difference difference = new Difference(seed);
    double greatest = 0;
    for (Delta delta : deltas) {
      for (int expert = 0; expert < delta.site().experts(); expert++) {
        greatest =
            Math.max(
                greatest, difference.at(delta, others.getOrDefault(delta.site(), delta), expert));
      }
    }
    return greatest;
  }

  private static Map<Site, Delta> bySite(List<Delta> deltas) {
    Map<Site, Delta> bySite = new HashMap<>();
    deltas.forEach(delta -> bySite.put(delta.site(), delta));
    return bySite;
  }

  private double at(Delta one, Delta other, int expert) {
    double[] x = new double[one.site().in()];
    for (int i = 0; i < x.length; i++) {
      x[i] = random.nextGaussian();
    }
    double[] y = added(one, expert, x);
    double[] z = added(other, expert, x);
    double most = 0;
    double apart = 0;
    for (int i = 0; i < y.length; i++) {
      most = Math.max(most, Math.abs(y[i]));
      apart = Math.max(apart, Math.abs(y[i] - z[i]));
    }
    return apart == 0 ? 0 : apart / most;
  }

  private static double[] added(Delta delta, int expert, double[] x) {
    int rank = delta.rank();
    double[] y = new double[delta.site().out()];
    for (int r = 0; r < rank; r++) {
      double z = 0;
      for (int i = 0; i < x.length; i++) {
        z += delta.a()[(expert * rank + r) * x.length + i] * x[i];
      }
      for (int o = 0; o < y.length; o++) {
        y[o] += delta.b()[(expert * y.length + o) * rank + r] * z;
      }
    }
    return y;
  }
}
