package dev.millrace.model.simd;

import dev.millrace.model.config.AttentionConfig;
import dev.millrace.model.config.AttentionConfig.QkNorm;
import dev.millrace.model.config.MoeConfig;
import java.util.Arrays;

/** Grouped-query attention, with the cache of its keys and values. */
final class SimdAttention {

  private final SimdBase base;
  private final MoeConfig config;
  private final AttentionConfig attention;
  private final int heads;
  private final int kvHeads;
  private final int headDim;
  private final int slots;
  private final double eps;

  /** (layer, head · head_dim, slots). */
  private final float[][] keys;

  /** (layer, head, slots, head_dim). */
  private final float[][] values;

  /** Of one head. */
  private final float[] scores;

  private final float[] turned;

  SimdAttention(SimdBase base, int slots) {
    this.base = base;
    this.config = base.config();
    this.attention = config.attention();
    this.heads = attention.numAttentionHeads();
    this.kvHeads = attention.numKeyValueHeads();
    this.headDim = attention.headDim();
    this.eps = config.rmsNormEps();
    this.slots = slots + Lanes.GROUP; // a register may read beyond a sequence's last slot
    int each = Math.multiplyExact(kvHeads * headDim, this.slots);
    this.keys = new float[config.numHiddenLayers()][each];
    this.values = new float[config.numHiddenLayers()][each];
    this.scores = new float[config.maxPositionEmbeddings() + Lanes.GROUP];
    this.turned = new float[headDim];
  }

  /** Norms and turns the queries and keys of a row, and clips all. */
  void place(SimdBase.Layer w, float[] qkv, int at, int position) {
    int q = heads * headDim;
    int kv = kvHeads * headDim;
    boolean all = attention.qkNorm() == QkNorm.ALL;
    if (all) {
      Lanes.norm(qkv, at, w.qNorm(), eps, qkv, at, q);
      Lanes.norm(qkv, at + q, w.kNorm(), eps, qkv, at + q, kv);
    }
    if (Double.isFinite(attention.clipQkv())) {
      Lanes.clamp(qkv, at, (float) attention.clipQkv(), q + 2 * kv);
    }
    for (int head = 0; head < heads + kvHeads; head++) {
      int from = at + head * headDim;
      if (attention.qkNorm() == QkNorm.HEAD) {
        Lanes.norm(qkv, from, head < heads ? w.qNorm() : w.kNorm(), eps, qkv, from, headDim);
      }
      turn(qkv, from, position * headDim);
    }
  }

  /** Rotary positions: the two halves of a head are what is turned (Su et al., RoFormer). */
  private void turn(float[] qkv, int at, int table) {
    int half = headDim / 2;
    for (int i = 0; i < headDim; i++) {
      float other = qkv[at + (i < half ? i + half : i - half)];
      turned[i] = qkv[at + i] * base.cos()[table + i] + other * base.sin()[table + i];
    }
    System.arraycopy(turned, 0, qkv, at, headDim);
  }

  /** Puts a row into its slot. */
  void remember(int layer, float[] qkv, int k, int v, int slot) {
    for (int i = 0; i < kvHeads * headDim; i++) {
      keys[layer][i * slots + slot] = qkv[k + i];
    }
    for (int head = 0; head < kvHeads; head++) {
      System.arraycopy(
          qkv, v + head * headDim, values[layer], (head * slots + slot) * headDim, headDim);
    }
  }

  /** A row's heads over the slots up to its own, or those of the window. */
  void look(int layer, float[] qkv, int q, int slot, int position, float[] o, int to) {
    int window = config.layers().get(layer).slidingWindow();
    int first = Math.max(0, position + 1 - window);
    int n = position + 1 - first;
    int whole = (n + Lanes.GROUP - 1) / Lanes.GROUP * Lanes.GROUP;
    float[] k = keys[layer];
    float[] v = values[layer];
    for (int head = 0; head < heads; head++) {
      int kv = head / (heads / kvHeads);
      int at = q + head * headDim;
      for (int i = 0; i < headDim; i++) {
        qkv[at + i] *= (float) attention.scale();
      }
      products(qkv, at, k, kv * headDim * slots + slot + first, n);
      Arrays.fill(scores, n, whole, Float.NEGATIVE_INFINITY);
      Lanes.exp(scores, 0, Lanes.greatest(scores, 0, whole), whole);
      Arrays.fill(scores, n, whole, 0);
      float share = 1 / Lanes.sum(scores, 0, whole);
      int mean = to + head * headDim;
      Lanes.combine(scores, 0, n, v, (kv * slots + slot + first) * headDim, o, mean, headDim);
      for (int i = 0; i < headDim; i++) {
        o[mean + i] *= share;
      }
    }
  }

  /** Scores of n slots, and of some behind them. */
  private void products(float[] qkv, int q, float[] k, int from, int n) {
    for (int t = 0; t < n; t += Lanes.WIDTH) {
      var sum = Lanes.all(0);
      for (int i = 0; i < headDim; i++) {
        sum = Lanes.load(k, from + i * slots + t).fma(Lanes.all(qkv[q + i]), sum);
      }
      sum.intoArray(scores, t);
    }
  }
}
