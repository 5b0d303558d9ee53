package dev.millrace.model.simd;

import dev.millrace.model.config.MoeConfig;
import dev.millrace.model.config.RouterConfig;
import org.jspecify.annotations.Nullable;

/**
 * Steps of a running batch of a small base, with its cache of keys and values. Each row's result
 * follows from the row and its sequence alone. For one thread.
 */
public final class SimdStep {

  /**
   * The rows of a step.
   *
   * @param ids tokens; below 0 for the next row of given
   * @param given (rows without a token, d)
   * @param slots the first of each row's sequence
   * @param positions of each row within its sequence: the tokens before it
   * @param adapters one a row, null for none
   * @param limits of each row, (most experts − 1): from which product on its second, third …
   *     likeliest expert is taken, that of its probability and of theirs from it on up to the top
   *     k's; empty for the top k
   * @param ends the rows whose next tokens are asked for
   */
  public record Rows(
      int[] ids,
      float[] given,
      int[] slots,
      int[] positions,
      @Nullable SimdAdapter[] adapters,
      float[][] limits,
      int[] ends) {}

  private static final float[] ONE = {1};

  private final SimdBase base;
  private final MoeConfig config;
  private final SimdAttention attention;
  private final int d;
  private final int heads;
  private final int kvHeads;
  private final int headDim;
  private final int experts;
  private final int inner;
  private final double eps;

  // Of each row.
  private int room;
  private float[] x = {};
  private float[] h = {};
  private float[] qkv = {};
  private float[] o = {};
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

  /**
   * @param slots tokens that the cache holds
   */
  public SimdStep(SimdBase base, int slots) {
    this.base = base;
    this.config = base.config();
    this.attention = new SimdAttention(base, slots);
    this.d = config.hiddenSize();
    this.heads = config.attention().numAttentionHeads();
    this.kvHeads = config.attention().numKeyValueHeads();
    this.headDim = config.attention().headDim();
    this.experts = config.router().numExperts();
    this.inner = config.experts().intermediateSize();
    this.eps = config.rmsNormEps();
  }

  private void makeRoom(int n) {
    if (n > room) {
      int most = config.router().mostExperts();
      room = n;
      x = new float[n * d];
      h = new float[n * d];
      qkv = new float[n * (heads + 2 * kvHeads) * headDim];
      o = new float[n * heads * headDim];
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

  /**
   * Brings sequences forward.
   *
   * @return (ends, vocab): log p of the tokens that follow, nats
   */
  public float[] advance(Rows rows) {
    int n = rows.ids.length;
    makeRoom(n);
    embed(rows);
    for (int layer = 0; layer < config.numHiddenLayers(); layer++) {
      attend(layer, rows);
      feedForward(layer, rows);
    }
    return logProbs(rows.ends);
  }

  private void embed(Rows rows) {
    int given = 0;
    for (int r = 0; r < rows.ids.length; r++) {
      if (rows.ids[r] < 0) {
        System.arraycopy(rows.given, given++ * d, x, r * d, d);
      } else {
        System.arraycopy(base.embedding(), rows.ids[r] * d, x, r * d, d);
      }
    }
  }

  private void attend(int layer, Rows rows) {
    SimdBase.Layer w = base.layers().get(layer);
    int n = rows.ids.length;
    int width = (heads + 2 * kvHeads) * headDim;
    for (int r = 0; r < n; r++) {
      add(rows, r, layer, SimdAdapter.STREAM, 0, ONE, 0, x, r * d);
      Lanes.norm(x, r * d, w.inputNorm(), eps, h, r * d, d);
    }
    w.qkv().times(h, 0, qkv, 0, n);
    for (int r = 0; r < n; r++) {
      int q = r * width;
      int k = q + heads * headDim;
      int v = k + kvHeads * headDim;
      add(rows, r, layer, SimdAdapter.Q, 0, h, r * d, qkv, q);
      add(rows, r, layer, SimdAdapter.K, 0, h, r * d, qkv, k);
      add(rows, r, layer, SimdAdapter.V, 0, h, r * d, qkv, v);
      attention.place(w, qkv, q, rows.positions[r]);
      attention.remember(layer, qkv, k, v, rows.slots[r] + rows.positions[r]);
    }
    for (int r = 0; r < n; r++) {
      int to = r * heads * headDim;
      attention.look(layer, qkv, r * width, rows.slots[r], rows.positions[r], o, to);
    }
    w.o().times(o, 0, h, 0, n);
    for (int r = 0; r < n; r++) {
      add(rows, r, layer, SimdAdapter.O, 0, o, r * heads * headDim, h, r * d);
    }
    Lanes.add(1, h, 0, x, 0, n * d);
  }

  /** y += what the row's adapter adds for x at a site. */
  private static void add(
      Rows rows, int r, int layer, int site, int expert, float[] x, int xAt, float[] y, int yAt) {
    SimdAdapter adapter = rows.adapters[r];
    if (adapter != null) {
      adapter.add(layer, site, expert, x, xAt, y, yAt);
    }
  }

  private void feedForward(int layer, Rows rows) {
    SimdBase.Layer w = base.layers().get(layer);
    int n = rows.ids.length;
    int most = config.router().mostExperts();
    for (int r = 0; r < n; r++) {
      Lanes.norm(x, r * d, w.postNorm(), eps, h, r * d, d);
      Lanes.combine(h, r * d, d, w.router(), 0, p, r * experts, experts);
      add(rows, r, layer, SimdAdapter.ROUTER, 0, h, r * d, p, r * experts);
      route(r, rows.limits[r]);
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
        expert(layer, e, m, rows);
      }
    }
  }

  /** Softmax, and the likeliest experts: as many as the limits say, or the top k. */
  private void route(int r, float[] limits) {
    RouterConfig router = config.router();
    int at = r * experts;
    Lanes.exp(p, at, Lanes.greatest(p, at, experts), experts);
    float total = Lanes.sum(p, at, experts);
    for (int e = 0; e < experts; e++) {
      p[at + e] /= total;
    }
    int most = router.mostExperts();
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
    int topK = config.router().topK();
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

  private void expert(int layer, int e, int m, Rows rows) {
    SimdBase.Layer w = base.layers().get(layer);
    int most = config.router().mostExperts();
    w.gateUp().get(e).times(in, 0, gateUp, 0, m);
    for (int j = 0; j < m; j++) {
      int r = members[j] / most;
      add(rows, r, layer, SimdAdapter.GATE_UP, e, in, j * d, gateUp, j * 2 * inner);
      Lanes.gate(gateUp, j * 2 * inner, inner, gated, j * inner);
    }
    w.down().get(e).times(gated, 0, out, 0, m);
    for (int j = 0; j < m; j++) {
      int r = members[j] / most;
      add(rows, r, layer, SimdAdapter.DOWN, e, gated, j * inner, out, j * d);
      Lanes.add(weights[members[j]], out, j * d, x, r * d, d);
    }
  }

  private float[] logProbs(int[] ends) {
    int vocabulary = config.vocabSize();
    for (int j = 0; j < ends.length; j++) {
      Lanes.norm(x, ends[j] * d, base.norm(), eps, h, j * d, d);
    }
    float[] logits = new float[ends.length * vocabulary];
    base.head().times(h, 0, logits, 0, ends.length);
    for (int j = 0; j < ends.length; j++) {
      int at = j * vocabulary;
      float most = Lanes.greatest(logits, at, vocabulary);
      float sum = Lanes.sumOfExp(logits, at, most, vocabulary);
      Lanes.subtract(logits, at, most + (float) Math.log(sum), vocabulary);
    }
    return logits;
  }
}
