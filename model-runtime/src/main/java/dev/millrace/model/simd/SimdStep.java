package dev.millrace.model.simd;

import dev.millrace.model.config.MoeConfig;
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
      int[] ends) {

    /** y += what a row's adapter adds for x at a site. */
    void adapt(int r, int layer, int site, int expert, float[] x, int xAt, float[] y, int yAt) {
      SimdAdapter adapter = adapters[r];
      if (adapter != null) {
        adapter.add(layer, site, expert, x, xAt, y, yAt);
      }
    }
  }

  private static final float[] ONE = {1};

  private final SimdBase base;
  private final MoeConfig config;
  private final SimdAttention attention;
  private final SimdExperts mixture;
  private final int d;
  private final int heads;
  private final int kvHeads;
  private final int headDim;
  private final double eps;

  // Of each row.
  private int room;
  private float[] x = {};
  private float[] h = {};
  private float[] qkv = {};
  private float[] o = {};

  /**
   * @param slots tokens that the cache holds
   */
  public SimdStep(SimdBase base, int slots) {
    this.base = base;
    this.config = base.config();
    this.attention = new SimdAttention(base, slots);
    this.mixture = new SimdExperts(config);
    this.d = config.hiddenSize();
    this.heads = config.attention().numAttentionHeads();
    this.kvHeads = config.attention().numKeyValueHeads();
    this.headDim = config.attention().headDim();
    this.eps = config.rmsNormEps();
  }

  private void makeRoom(int n) {
    if (n > room) {
      room = n;
      x = new float[n * d];
      h = new float[n * d];
      qkv = new float[n * (heads + 2 * kvHeads) * headDim];
      o = new float[n * heads * headDim];
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
      rows.adapt(r, layer, SimdAdapter.STREAM, 0, ONE, 0, x, r * d);
      Lanes.norm(x, r * d, w.inputNorm(), eps, h, r * d, d);
    }
    w.qkv().times(h, qkv, n);
    for (int r = 0; r < n; r++) {
      int q = r * width;
      int k = q + heads * headDim;
      int v = k + kvHeads * headDim;
      rows.adapt(r, layer, SimdAdapter.Q, 0, h, r * d, qkv, q);
      rows.adapt(r, layer, SimdAdapter.K, 0, h, r * d, qkv, k);
      rows.adapt(r, layer, SimdAdapter.V, 0, h, r * d, qkv, v);
      attention.place(w, qkv, q, rows.positions[r]);
      attention.remember(layer, qkv, k, v, rows.slots[r] + rows.positions[r]);
    }
    for (int r = 0; r < n; r++) {
      int to = r * heads * headDim;
      attention.look(layer, qkv, r * width, rows.slots[r], rows.positions[r], o, to);
    }
    w.o().times(o, h, n);
    for (int r = 0; r < n; r++) {
      rows.adapt(r, layer, SimdAdapter.O, 0, o, r * heads * headDim, h, r * d);
    }
    Lanes.add(1, h, 0, x, 0, n * d);
  }

  private void feedForward(int layer, Rows rows) {
    SimdBase.Layer w = base.layers().get(layer);
    for (int r = 0; r < rows.ids.length; r++) {
      Lanes.norm(x, r * d, w.postNorm(), eps, h, r * d, d);
    }
    mixture.add(layer, w.experts(), rows, h, x);
  }

  private float[] logProbs(int[] ends) {
    int vocabulary = config.vocabSize();
    for (int j = 0; j < ends.length; j++) {
      Lanes.norm(x, ends[j] * d, base.norm(), eps, h, j * d, d);
    }
    float[] logits = new float[ends.length * vocabulary];
    base.head().times(h, logits, ends.length);
    for (int j = 0; j < ends.length; j++) {
      int at = j * vocabulary;
      float most = Lanes.greatest(logits, at, vocabulary);
      float sum = Lanes.sumOfExp(logits, at, most, vocabulary);
      Lanes.subtract(logits, at, most + (float) Math.log(sum), vocabulary);
    }
    return logits;
  }
}
