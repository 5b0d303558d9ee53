package dev.millrace.model.djl;

import dev.millrace.model.config.MoeConfig;
import dev.millrace.model.weights.Checkpoint;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;

/**
 * The weights of an OLMoE-shaped model in the order of {@link OlmoeSource}.
 *
 * @param w embedding, final norm, cos, sin, then per layer input norm, post-attention norm, q norm,
 *     k norm, router
 * @param m per layer q, k, v, o, gate_up (E, 2I, d), down (E, d, I), then the head
 */
record OlmoeWeights(List<Values> w, List<Values> m) {

  static final int PER_LAYER_W = 5;
  static final int PER_LAYER_M = 6;

  private static final List<String> PROJECTIONS = List.of("q_proj", "k_proj", "v_proj", "o_proj");

  static OlmoeWeights read(Checkpoint checkpoint) {
    MoeConfig c = checkpoint.config();
    int d = c.hiddenSize();
    List<Values> w = new ArrayList<>();
    List<Values> m = new ArrayList<>();
    w.add(tensor(checkpoint, "model.embed_tokens.weight", c.vocabSize(), d));
    w.add(tensor(checkpoint, "model.norm.weight", d));
    w.addAll(rotary(c));
    for (int layer = 0; layer < c.numHiddenLayers(); layer++) {
      String at = "model.layers." + layer + ".";
      int q = c.numAttentionHeads() * c.headDim();
      int kv = c.numKeyValueHeads() * c.headDim();
      w.add(tensor(checkpoint, at + "input_layernorm.weight", d));
      w.add(tensor(checkpoint, at + "post_attention_layernorm.weight", d));
      w.add(tensor(checkpoint, at + "self_attn.q_norm.weight", q));
      w.add(tensor(checkpoint, at + "self_attn.k_norm.weight", kv));
      w.add(tensor(checkpoint, at + "mlp.gate.weight", c.numExperts(), d));
      m.add(tensor(checkpoint, at + "self_attn.q_proj.weight", q, d));
      m.add(tensor(checkpoint, at + "self_attn.k_proj.weight", kv, d));
      m.add(tensor(checkpoint, at + "self_attn.v_proj.weight", kv, d));
      m.add(tensor(checkpoint, at + "self_attn.o_proj.weight", d, q));
      m.addAll(experts(checkpoint, at + "mlp.experts."));
    }
    m.add(
        c.tieWordEmbeddings() ? w.get(0) : tensor(checkpoint, "lm_head.weight", c.vocabSize(), d));
    return new OlmoeWeights(w, m);
  }

  private static Values tensor(Checkpoint checkpoint, String name, long... shape) {
    return new Values(checkpoint.tensor(name).require(shape).floats(), shape);
  }

  private static List<Values> experts(Checkpoint checkpoint, String at) {
    MoeConfig c = checkpoint.config();
    int d = c.hiddenSize();
    int i = c.intermediateSize();
    List<Values> gateUp = new ArrayList<>();
    List<Values> down = new ArrayList<>();
    for (int e = 0; e < c.numExperts(); e++) {
      float[] both = new float[2 * i * d];
      float[] gate = tensor(checkpoint, at + e + ".gate_proj.weight", i, d).data();
      float[] up = tensor(checkpoint, at + e + ".up_proj.weight", i, d).data();
      System.arraycopy(gate, 0, both, 0, i * d);
      System.arraycopy(up, 0, both, i * d, i * d);
      gateUp.add(new Values(both, 2L * i, d));
      down.add(tensor(checkpoint, at + e + ".down_proj.weight", d, i));
    }
    return List.of(Values.stack(gateUp), Values.stack(down));
  }

  /** Weights drawn from N(0, 0.02²), norms at one. */
  static OlmoeWeights random(MoeConfig c, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    int d = c.hiddenSize();
    int e = c.numExperts();
    int i = c.intermediateSize();
    int q = c.numAttentionHeads() * c.headDim();
    int kv = c.numKeyValueHeads() * c.headDim();
    List<Values> w = new ArrayList<>();
    List<Values> m = new ArrayList<>();
    w.add(normal(random, c.vocabSize(), d));
    w.add(ones(d));
    w.addAll(rotary(c));
    for (int layer = 0; layer < c.numHiddenLayers(); layer++) {
      w.addAll(List.of(ones(d), ones(d), ones(q), ones(kv), normal(random, e, d)));
      m.add(normal(random, q, d));
      m.add(normal(random, kv, d));
      m.add(normal(random, kv, d));
      m.add(normal(random, d, q));
      m.add(normal(random, e, 2L * i, d));
      m.add(normal(random, e, d, i));
    }
    m.add(normal(random, c.vocabSize(), d));
    return new OlmoeWeights(w, m);
  }

  private static Values normal(SplittableRandom random, long... shape) {
    float[] data = new float[Math.toIntExact(product(shape))];
    for (int j = 0; j < data.length; j++) {
      data[j] = (float) (0.02 * random.nextGaussian());
    }
    return new Values(data, shape);
  }

  private static Values ones(int n) {
    float[] data = new float[n];
    java.util.Arrays.fill(data, 1);
    return new Values(data, n);
  }

  private static long product(long[] shape) {
    long n = 1;
    for (long s : shape) {
      n *= s;
    }
    return n;
  }

  /** cos and sin of the rotary angles: (max_position_embeddings, head_dim) each. */
  private static List<Values> rotary(MoeConfig c) {
    int half = c.headDim() / 2;
    float[] cos = new float[c.maxPositionEmbeddings() * c.headDim()];
    float[] sin = new float[cos.length];
    for (int p = 0; p < c.maxPositionEmbeddings(); p++) {
      for (int j = 0; j < half; j++) {
        float frequency = (float) (1 / Math.pow(c.ropeTheta(), 2.0 * j / c.headDim()));
        double angle = p * frequency;
        for (int at : new int[] {p * c.headDim() + j, p * c.headDim() + half + j}) {
          cos[at] = (float) Math.cos(angle);
          sin[at] = (float) Math.sin(angle);
        }
      }
    }
    return List.of(
        new Values(cos, c.maxPositionEmbeddings(), c.headDim()),
        new Values(sin, c.maxPositionEmbeddings(), c.headDim()));
  }

  /**
   * Every matrix on its own, the experts unstacked: per layer q, k, v, o, gate_up by expert, down
   * by expert; the head.
   */
  List<Values> matrices() {
    List<Values> all = new ArrayList<>();
    for (Values v : m) {
      if (v.shape().length == 2) {
        all.add(v);
      } else {
        for (int e = 0; e < v.shape()[0]; e++) {
          all.add(v.slice(e));
        }
      }
    }
    return all;
  }

  /** The same weights with each matrix mapped, in the order of {@link #matrices()}. */
  OlmoeWeights mapMatrices(UnaryOperator<Values> f) {
    List<Values> mapped = new ArrayList<>();
    for (Values v : m) {
      if (v.shape().length == 2) {
        mapped.add(f.apply(v));
      } else {
        List<Values> parts = new ArrayList<>();
        for (int e = 0; e < v.shape()[0]; e++) {
          parts.add(f.apply(v.slice(e)));
        }
        mapped.add(Values.stack(parts));
      }
    }
    return new OlmoeWeights(w, mapped);
  }

  static List<String> projections() {
    return PROJECTIONS;
  }
}
