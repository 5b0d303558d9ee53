package dev.millrace.model.simd;

import dev.millrace.model.config.MoeConfig;
import dev.millrace.model.config.RouterConfig;

/** The sparse part of a layer: its router, and the experts that it chooses. For one thread. */
final class SimdExperts {

  private final RouterConfig router;
  private final int d;
  private final int experts;
  private final int inner;
  private final int most;

  // Of each row.
  private int room;
  private float[] p = {};
  private int[] chosen = {};
  private float[] weights = {};
  private int[] counts = {};

  // Of the rows of one expert.
  private int[] members = {};
  private float[] in = {};
  private float[] gateUp = {};
  private float[] gated = {};
  private float[] out = {};

  SimdExperts(MoeConfig config) {
    this.router = config.router();
    this.d = config.hiddenSize();
    this.experts = router.numExperts();
    this.inner = config.experts().intermediateSize();
    this.most = router.mostExperts();
  }

  private void makeRoom(int n) {
    if (n > room) {
      room = n;
      p = new float[n * experts];
      chosen = new int[n * most];
      weights = new float[n * most];
      counts = new int[n];
      members = new int[n];
      in = new float[n * d];
      gateUp = new float[n * 2 * inner];
      gated = new float[n * inner];
      out = new float[n * d];
    }
  }

  /** x += what the experts of each row make of h: (rows, d) both. */
  void add(int layer, SimdBase.Experts w, SimdStep.Rows rows, float[] h, float[] x) {
    int n = rows.ids().length;
    makeRoom(n);
    for (int r = 0; r < n; r++) {
      Lanes.combine(h, r * d, d, w.router(), 0, p, r * experts, experts);
      rows.adapt(r, layer, SimdAdapter.ROUTER, 0, h, r * d, p, r * experts);
      route(r, rows.limits()[r]);
    }
    for (int e = 0; e < experts; e++) {
      int m = 0;
      for (int r = 0; r < n; r++) {
        for (int c = 0; c < counts[r]; c++) {
          if (chosen[r * most + c] == e) {
            System.arraycopy(h, r * d, in, m * d, d);
            members[m++] = r * most + c;
          }
        }
      }
      if (m > 0) {
        expert(layer, e, m, w, rows, x);
      }
    }
  }

  /** Softmax, and the likeliest experts: as many as the limits say, or the top k. */
  private void route(int r, float[] limits) {
    int at = r * experts;
    Lanes.exp(p, at, Lanes.greatest(p, at, experts), experts);
    float total = Lanes.sum(p, at, experts);
    for (int e = 0; e < experts; e++) {
      p[at + e] /= total;
    }
    int count = limits.length > 0 ? most : router.topK();
    for (int c = 0; c < count; c++) {
      int best = -1;
      for (int e = 0; e < experts; e++) {
        if ((best < 0 || p[at + e] > p[at + best]) && !isChosen(r * most, c, e)) {
          best = e;
        }
      }
      chosen[r * most + c] = best;
      weights[r * most + c] = p[at + best];
    }
    counts[r] = limits.length > 0 ? taken(r * most, limits) : count;
    float sum = 0;
    for (int c = 0; c < counts[r]; c++) {
      sum += weights[r * most + c];
    }
    for (int c = 0; router.normTopkProb() && c < counts[r]; c++) {
      weights[r * most + c] /= sum;
    }
  }

  /** How many of the likeliest experts are taken, the first in any case. */
  private int taken(int from, float[] limits) {
    int topK = router.topK();
    int taken = limits.length + 1;
    double left = 0;
    for (int c = limits.length; c > 0; c--) {
      float p = weights[from + c];
      left += c < topK ? p : 0;
      taken = p * (c < topK ? (float) left : p) >= limits[c - 1] ? taken : c;
    }
    return taken;
  }

  private boolean isChosen(int from, int count, int expert) {
    for (int c = from; c < from + count; c++) {
      if (chosen[c] == expert) {
        return true;
      }
    }
    return false;
  }

  private void expert(int layer, int e, int m, SimdBase.Experts w, SimdStep.Rows rows, float[] x) {
    w.gateUp().get(e).times(in, gateUp, m);
    for (int j = 0; j < m; j++) {
      int r = members[j] / most;
      rows.adapt(r, layer, SimdAdapter.GATE_UP, e, in, j * d, gateUp, j * 2 * inner);
      Lanes.gate(gateUp, j * 2 * inner, inner, gated, j * inner);
    }
    w.down().get(e).times(gated, out, m);
    for (int j = 0; j < m; j++) {
      int r = members[j] / most;
      rows.adapt(r, layer, SimdAdapter.DOWN, e, gated, j * inner, out, j * d);
      Lanes.add(weights[members[j]], out, j * d, x, r * d, d);
    }
  }
}
