package dev.millrace.model.simd;

import dev.millrace.model.adapter.Site;
import java.util.ArrayList;
import java.util.List;

/** What an adapter adds to a {@link SimdBase}, site by site. */
public final class SimdAdapter {

  // The sites of a layer, in the order of the program's layout.
  static final int STREAM = 0;
  static final int Q = 1;
  static final int K = 2;
  static final int V = 3;
  static final int O = 4;
  static final int ROUTER = 5;
  static final int GATE_UP = 6;
  static final int DOWN = 7;
  private static final int SITES = 8;

  /**
   * {@code B·A·x} of a site.
   *
   * @param a (experts, rank, in)
   * @param b (experts, rank, out)
   */
  private record Factors(Site site, int rank, float[] a, float[] b) {}

  private final List<Factors> factors = new ArrayList<>();

  /**
   * @param sites all of the base, in the order of its layout
   * @param as of each site, (experts, rank, in)
   * @param bs of each site, (experts, out, rank)
   */
  public SimdAdapter(List<Site> sites, List<float[]> as, List<float[]> bs) {
    for (int s = 0; s < sites.size(); s++) {
      Site site = sites.get(s);
      int rank = as.get(s).length / (site.experts() * site.in());
      factors.add(new Factors(site, rank, as.get(s), turned(bs.get(s), site, rank)));
    }
  }

  private static float[] turned(float[] b, Site site, int rank) {
    float[] turned = new float[b.length];
    for (int e = 0; e < site.experts(); e++) {
      int from = e * site.out() * rank;
      for (int o = 0; o < site.out(); o++) {
        for (int r = 0; r < rank; r++) {
          turned[from + r * site.out() + o] = b[from + o * rank + r];
        }
      }
    }
    return turned;
  }

  /** y += what it adds for x. */
  void add(int layer, int site, int expert, float[] x, int xAt, float[] y, int yAt) {
    Factors f = factors.get(SITES * layer + site);
    int in = f.site.in();
    int out = f.site.out();
    for (int r = expert * f.rank; r < (expert + 1) * f.rank; r++) {
      float z = in == 1 ? f.a[r] * x[xAt] : Lanes.dot(f.a, r * in, x, xAt, in);
      Lanes.add(z, f.b, r * out, y, yAt, out);
    }
  }
}
