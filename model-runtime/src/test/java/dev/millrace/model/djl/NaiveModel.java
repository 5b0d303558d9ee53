package dev.millrace.model.djl;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.adapter.Delta;
import dev.millrace.model.release.Routing;
import dev.millrace.model.weights.Checkpoint;
import dev.millrace.model.weights.DType;
import dev.millrace.model.weights.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * The oracle: all families in double precision, token by token and expert by expert, from the text
 * of transformers' modeling files. It reads config.json by itself, so that a misreading shows.
 */
final class NaiveModel implements AutoCloseable {

  private final JsonNode c;
  private final Checkpoint checkpoint;
  private final String type;
  private final Map<String, double[][]> matrices = new HashMap<>();
  private final Map<String, Delta> deltas = new HashMap<>();
  private double threshold;

  NaiveModel(Path folder) throws IOException {
    this.c = new ObjectMapper().readTree(folder.resolve("config.json").toFile());
    this.checkpoint = Checkpoint.open(folder);
    this.type = c.get("model_type").textValue();
  }

  private boolean latent() {
    return type.startsWith("deepseek");
  }

  private int integer(String name) {
    return c.get(name).intValue();
  }

  private boolean flag(String name) {
    return c.path(name).booleanValue();
  }

  /** Logits of each position: (time, vocab). */
  double[][] logits(int[] ids) {
    double[][] x = new double[ids.length][];
    double[][] embedding = matrix("model.embed_tokens.weight");
    for (int t = 0; t < ids.length; t++) {
      x[t] = embedding[ids[t]].clone();
    }
    double eps = c.get("rms_norm_eps").doubleValue();
    for (int layer = 0; layer < integer("num_hidden_layers"); layer++) {
      String at = "model.layers." + layer + ".";
      for (double[] row : x) {
        add(row, added(at + "hidden_states", 0, new double[] {1}));
      }
      add(x, attention(norm(x, at + "input_layernorm", eps), at + "self_attn.", layer));
      add(x, feedForward(norm(x, at + "post_attention_layernorm", eps), at, layer));
    }
    return linear(norm(x, "model.norm", eps), tied() ? "model.embed_tokens" : "lm_head");
  }

  /** Where both are there and differ, transformers 5 warns, and ties nothing. */
  private boolean tied() {
    return flag("tie_word_embeddings")
        && (!checkpoint.has("lm_head.weight")
            || Arrays.deepEquals(matrix("lm_head.weight"), matrix("model.embed_tokens.weight")));
  }

  private static void add(double[][] x, double[][] y) {
    for (int t = 0; t < x.length; t++) {
      add(x[t], y[t]);
    }
  }

  /** Adds to the first entries of x. */
  private static void add(double[] x, double[] y) {
    for (int i = 0; i < y.length; i++) {
      x[i] += y[i];
    }
  }

  /** From now on an adapter adds what it adds. */
  void adapt(AdapterWeights adapter) {
    deltas.clear();
    adapter.deltas().forEach(delta -> deltas.put(delta.site().name(), delta));
  }

  /** B·(A·x) of one expert, entry by entry; nothing where the adapter has no pair. */
  private double[] added(String site, int expert, double[] x) {
    Delta delta = deltas.get(site);
    if (delta == null) {
      return new double[0];
    }
    int rank = delta.rank();
    int out = delta.site().out();
    double[] y = new double[out];
    for (int r = 0; r < rank; r++) {
      double z = 0;
      for (int i = 0; i < x.length; i++) {
        z += delta.a()[(expert * rank + r) * x.length + i] * x[i];
      }
      for (int o = 0; o < out; o++) {
        y[o] += delta.b()[(expert * out + o) * rank + r] * z;
      }
    }
    return y;
  }

  private double[] vector(String name) {
    float[] values = checkpoint.tensor(name).floats();
    return IntStream.range(0, values.length).mapToDouble(i -> values[i]).toArray();
  }

  private double[][] matrix(String name) {
    return matrices.computeIfAbsent(name, this::read);
  }

  private double[][] read(String name) {
    Tensor tensor = checkpoint.tensor(name);
    int columns = (int) tensor.shape()[1];
    float[] values = tensor.floats();
    double[][] m = new double[(int) tensor.shape()[0]][columns];
    for (int i = 0; i < values.length; i++) {
      m[i / columns][i % columns] = values[i];
    }
    if (tensor.dtype() == DType.F8_E4M3) {
      double[][] scale = read(name + "_scale_inv");
      JsonNode block = c.get("quantization_config").get("weight_block_size");
      for (int r = 0; r < m.length; r++) {
        for (int col = 0; col < columns; col++) {
          m[r][col] *= scale[r / block.get(0).intValue()][col / block.get(1).intValue()];
        }
      }
    }
    return m;
  }

  private double[][] norm(double[][] x, String name, double eps) {
    return map(x, row -> norm(row, vector(name + ".weight"), eps));
  }

  private static double[] norm(double[] x, double[] weight, double eps) {
    double square = 0;
    for (double v : x) {
      square += v * v;
    }
    double scale = 1 / Math.sqrt(square / x.length + eps);
    return IntStream.range(0, x.length).mapToDouble(i -> x[i] * scale * weight[i]).toArray();
  }

  private static double[][] map(double[][] x, java.util.function.UnaryOperator<double[]> f) {
    return Arrays.stream(x).map(f).toArray(double[][]::new);
  }

  private double[][] linear(double[][] x, String module) {
    double[][] m = matrix(module + ".weight");
    double[] bias =
        checkpoint.has(module + ".bias") ? vector(module + ".bias") : new double[m.length];
    double[][] y = map(x, row -> times(m, row, bias));
    for (int t = 0; t < x.length; t++) {
      add(y[t], added(module, 0, x[t]));
    }
    return y;
  }

  private static double[] times(double[][] m, double[] x, double[] bias) {
    double[] y = bias.clone();
    for (int r = 0; r < m.length; r++) {
      for (int i = 0; i < x.length; i++) {
        y[r] += m[r][i] * x[i];
      }
    }
    return y;
  }

  /** Part {@code i} of n equal parts of each row. */
  private static double[][] part(double[][] x, int from, int n) {
    return map(x, row -> Arrays.copyOfRange(row, from, from + n));
  }

  private double[][] attention(double[][] x, String at, int layer) {
    int heads = integer("num_attention_heads");
    double[][][] q = new double[heads][][];
    double[][][] k = new double[heads][][];
    double[][][] v = new double[heads][][];
    double scale = latent() ? latent(x, at, q, k, v) : grouped(x, at, q, k, v);
    double[][] context = new double[x.length][0];
    for (int h = 0; h < heads; h++) {
      double[][] one = attend(q[h], k[h], v[h], scale, window(layer));
      for (int t = 0; t < x.length; t++) {
        context[t] = concat(context[t], one[t]);
      }
    }
    return linear(context, at + "o_proj");
  }

  private static double[] concat(double[] a, double[] b) {
    double[] all = Arrays.copyOf(a, a.length + b.length);
    System.arraycopy(b, 0, all, a.length, b.length);
    return all;
  }

  private int window(int layer) {
    boolean uses =
        switch (type) {
          case "mixtral" -> c.path("sliding_window").isInt();
          case "qwen3_moe" -> flag("use_sliding_window");
          case "qwen2_moe" ->
              flag("use_sliding_window")
                  && (c.has("layer_types")
                      ? c.get("layer_types").get(layer).textValue().startsWith("sliding")
                      : layer % 2 == 0 && layer < integer("max_window_layers"));
          default -> false;
        };
    return uses && !c.path("sliding_window").isNull()
        ? c.path("sliding_window").asInt(4096)
        : Integer.MAX_VALUE;
  }

  private double grouped(double[][] x, String at, double[][][] q, double[][][] k, double[][][] v) {
    int heads = q.length;
    int groups = c.path("num_key_value_heads").asInt(heads);
    int size = c.path("head_dim").isInt() ? integer("head_dim") : integer("hidden_size") / heads;
    double eps = c.get("rms_norm_eps").doubleValue();
    boolean all = type.equals("olmoe");
    boolean each = type.equals("qwen3_moe");
    double[][] qs = linear(x, at + "q_proj");
    double[][] ks = linear(x, at + "k_proj");
    double[][] vs = clipped(linear(x, at + "v_proj"));
    qs = clipped(all ? norm(qs, at + "q_norm", eps) : qs);
    ks = clipped(all ? norm(ks, at + "k_norm", eps) : ks);
    for (int h = 0; h < heads; h++) {
      int g = h / (heads / groups);
      double[][] one = part(qs, h * size, size);
      double[][] key = part(ks, g * size, size);
      q[h] = rotated(each ? norm(one, at + "q_norm", eps) : one, false);
      k[h] = rotated(each ? norm(key, at + "k_norm", eps) : key, false);
      v[h] = part(vs, g * size, size);
    }
    return 1 / Math.sqrt(size);
  }

  private double[][] clipped(double[][] x) {
    if (!c.path("clip_qkv").isNumber()) {
      return x;
    }
    double bound = c.get("clip_qkv").doubleValue();
    return map(
        x, row -> Arrays.stream(row).map(v -> Math.max(-bound, Math.min(bound, v))).toArray());
  }

  private double latent(double[][] x, String at, double[][][] q, double[][][] k, double[][][] v) {
    int nope = integer("qk_nope_head_dim");
    int rope = integer("qk_rope_head_dim");
    int value = integer("v_head_dim");
    int rank = integer("kv_lora_rank");
    boolean pairs = type.equals("deepseek_v2") || flag("rope_interleave");
    double[][] qs =
        c.path("q_lora_rank").isNull()
            ? linear(x, at + "q_proj")
            : linear(norm(linear(x, at + "q_a_proj"), at + "q_a_layernorm", 1e-6), at + "q_b_proj");
    double[][] down = linear(x, at + "kv_a_proj_with_mqa");
    double[][] keyRope = rotated(part(down, rank, rope), pairs);
    double[][] kv =
        linear(norm(part(down, 0, rank), at + "kv_a_layernorm", 1e-6), at + "kv_b_proj");
    for (int h = 0; h < q.length; h++) {
      double[][] queryRope = rotated(part(qs, h * (nope + rope) + nope, rope), pairs);
      q[h] = beside(part(qs, h * (nope + rope), nope), queryRope);
      k[h] = beside(part(kv, h * (nope + value), nope), keyRope);
      v[h] = part(kv, h * (nope + value) + nope, value);
    }
    double scale = 1 / Math.sqrt(nope + rope);
    JsonNode r = rope();
    boolean stretched =
        !r.path("rope_type").asText(r.path("type").asText("default")).equals("default");
    boolean leftOut = c.path("transformers_version").asText().startsWith("5.3");
    if (stretched && !leftOut && r.path("mscale_all_dim").asDouble() != 0) {
      scale *= Math.pow(mscale(factor(r), r.get("mscale_all_dim").doubleValue()), 2);
    }
    return scale;
  }

  private double factor(JsonNode r) {
    return r.get("factor").isNull()
        ? integer("max_position_embeddings") / (double) original()
        : r.get("factor").doubleValue();
  }

  private int original() {
    String name = "original_max_position_embeddings";
    return (c.has(name) ? c : rope()).path(name).asInt(integer("max_position_embeddings"));
  }

  private static double mscale(double factor, double scale) {
    return factor <= 1 ? 1 : 0.1 * scale * Math.log(factor) + 1;
  }

  private static double[][] beside(double[][] a, double[][] b) {
    double[][] all = new double[a.length][];
    for (int t = 0; t < a.length; t++) {
      all[t] = concat(a[t], b[t]);
    }
    return all;
  }

  private JsonNode rope() {
    JsonNode nested = c.path("rope_parameters");
    return nested.isObject() ? nested : c.path("rope_scaling");
  }

  /** Each pair turned by position times frequency; pairs lie half a head apart or side by side. */
  private double[][] rotated(double[][] x, boolean sideBySide) {
    int n = x[0].length;
    double[][] y = new double[x.length][n];
    double factor = attentionFactor();
    for (int t = 0; t < x.length; t++) {
      for (int i = 0; i < n / 2; i++) {
        double angle = t * frequency(i, n);
        int a = sideBySide ? 2 * i : i;
        int b = sideBySide ? 2 * i + 1 : n / 2 + i;
        y[t][a] = factor * (x[t][a] * Math.cos(angle) - x[t][b] * Math.sin(angle));
        y[t][b] = factor * (x[t][b] * Math.cos(angle) + x[t][a] * Math.sin(angle));
      }
    }
    return y;
  }

  private double attentionFactor() {
    JsonNode r = rope();
    if (!r.path("rope_type").asText(r.path("type").asText()).equals("yarn")) {
      return 1;
    }
    if (r.has("attention_factor")) {
      return r.get("attention_factor").doubleValue();
    }
    double factor = factor(r);
    return r.has("mscale") && r.has("mscale_all_dim")
        ? mscale(factor, r.get("mscale").doubleValue())
            / mscale(factor, r.get("mscale_all_dim").doubleValue())
        : mscale(factor, 1);
  }

  private double frequency(int i, int dim) {
    JsonNode r = rope();
    double theta =
        r.path("rope_theta")
            .asDouble(c.path("rope_theta").asDouble(type.equals("mixtral") ? 1e6 : 1e4));
    double plain = Math.pow(theta, -2.0 * i / dim);
    return switch (r.path("rope_type").asText(r.path("type").asText("default"))) {
      case "linear" -> plain / r.get("factor").doubleValue();
      case "yarn" -> yarn(r, plain, i, theta, dim);
      case "llama3" -> llama3(r, plain);
      default -> plain;
    };
  }

  private double yarn(JsonNode r, double plain, int i, double theta, int dim) {
    double fast = turns(r.path("beta_fast").asDouble(32), theta, dim);
    double slow = turns(r.path("beta_slow").asDouble(1), theta, dim);
    boolean whole = !r.has("truncate") || r.get("truncate").booleanValue();
    double low = Math.max(0, whole ? Math.floor(fast) : fast);
    double high = Math.min(dim - 1, whole ? Math.ceil(slow) : slow);
    double ramp = Math.max(0, Math.min(1, (i - low) / (low == high ? 0.001 : high - low)));
    return plain / factor(r) * ramp + plain * (1 - ramp);
  }

  private double llama3(JsonNode r, double plain) {
    double old = original();
    double length = 2 * Math.PI / plain;
    double slow = r.get("low_freq_factor").doubleValue();
    double fast = r.get("high_freq_factor").doubleValue();
    double smooth = Math.max(0, Math.min(1, (old / length - slow) / (fast - slow)));
    return (1 - smooth) * plain / r.get("factor").doubleValue() + smooth * plain;
  }

  private double turns(double rotations, double theta, int dim) {
    return dim * Math.log(original() / (rotations * 2 * Math.PI)) / (2 * Math.log(theta));
  }

  private static double[][] attend(
      double[][] q, double[][] k, double[][] v, double scale, int window) {
    double[][] out = new double[q.length][v[0].length];
    for (int t = 0; t < q.length; t++) {
      double[] weights = new double[t + 1];
      int first = Math.max(0, t - window + 1);
      Arrays.fill(weights, Double.NEGATIVE_INFINITY);
      for (int s = first; s <= t; s++) {
        double dot = 0;
        for (int i = 0; i < q[t].length; i++) {
          dot += q[t][i] * k[s][i];
        }
        weights[s] = dot * scale;
      }
      double[] p = softmax(weights);
      for (int s = first; s <= t; s++) {
        for (int i = 0; i < out[t].length; i++) {
          out[t][i] += p[s] * v[s][i];
        }
      }
    }
    return out;
  }

  private static double[] softmax(double[] x) {
    double max = Arrays.stream(x).max().orElseThrow();
    double[] e = Arrays.stream(x).map(v -> Math.exp(v - max)).toArray();
    double sum = Arrays.stream(e).sum();
    return Arrays.stream(e).map(v -> v / sum).toArray();
  }

  private boolean sparse(int layer) {
    if (latent()) {
      return layer >= integer("first_k_dense_replace");
    }
    boolean listed = false;
    for (JsonNode dense : c.path("mlp_only_layers")) {
      listed |= dense.intValue() == layer;
    }
    return !listed && (layer + 1) % c.path("decoder_sparse_step").asInt(1) == 0;
  }

  /** DeepSeek-V2's is not adapted: transformers multiplies with its weight alone. */
  private double[][] router(double[][] x, String sparse, String at) {
    double[][] weight = matrix(sparse + "gate.weight");
    double[][] y = map(x, row -> times(weight, row, new double[weight.length]));
    for (int t = 0; t < x.length; t++) {
      add(y[t], added(at + "mlp.gate", 0, x[t]));
    }
    return y;
  }

  private double[][] feedForward(double[][] x, String at, int layer) {
    if (!sparse(layer)) {
      return mlp(x, at + "mlp.", "gate_proj", "up_proj", "down_proj");
    }
    String sparse = at + (type.equals("mixtral") ? "block_sparse_moe." : "mlp.");
    double[][] y = new double[x.length][];
    double[][] logits = router(x, sparse, at);
    for (int t = 0; t < x.length; t++) {
      y[t] = new double[x[t].length];
      double[] weights = route(logits[t], sparse);
      for (int e = 0; e < weights.length; e++) {
        if (weights[e] != 0) {
          double weight = weights[e];
          double[][] one = {x[t]};
          add(
              new double[][] {y[t]},
              map(expert(one, sparse, e), r -> Arrays.stream(r).map(v -> v * weight).toArray()));
        }
      }
    }
    if (type.equals("qwen2_moe")) {
      double[][] gate = linear(x, sparse + "shared_expert_gate");
      double[][] shared = mlp(x, sparse + "shared_expert.", "gate_proj", "up_proj", "down_proj");
      for (int t = 0; t < x.length; t++) {
        double share = 1 / (1 + Math.exp(-gate[t][0]));
        shared[t] = Arrays.stream(shared[t]).map(v -> v * share).toArray();
      }
      add(y, shared);
    }
    boolean shares =
        !c.path("n_shared_experts").isNull() && c.path("n_shared_experts").asInt(1) > 0;
    if (latent() && shares) {
      add(y, mlp(x, sparse + "shared_experts.", "gate_proj", "up_proj", "down_proj"));
    }
    return y;
  }

  private double[][] expert(double[][] x, String sparse, int e) {
    boolean mixtral = type.equals("mixtral");
    String at = sparse + "experts." + e + ".";
    double[] g = linear(x, at + (mixtral ? "w1" : "gate_proj"))[0];
    double[] u = linear(x, at + (mixtral ? "w3" : "up_proj"))[0];
    String stacked = sparse.replace("block_sparse_moe", "mlp") + "experts.";
    double[] both = added(stacked + "gate_up_proj", e, x[0]);
    add(g, Arrays.copyOf(both, both.length / 2));
    add(u, Arrays.copyOfRange(both, both.length / 2, both.length));
    double[][] inner = {gated(g, u)};
    double[][] y = linear(inner, at + (mixtral ? "w2" : "down_proj"));
    add(y[0], added(stacked + "down_proj", e, inner[0]));
    return y;
  }

  private double[][] mlp(double[][] x, String at, String gate, String up, String down) {
    double[][] g = linear(x, at + gate);
    double[][] u = linear(x, at + up);
    for (int t = 0; t < x.length; t++) {
      g[t] = gated(g[t], u[t]);
    }
    return linear(g, at + down);
  }

  private static double[] gated(double[] g, double[] u) {
    return IntStream.range(0, g.length)
        .mapToDouble(i -> g[i] / (1 + Math.exp(-g[i])) * u[i])
        .toArray();
  }

  /** The weight of each expert for one token, 0 for those that it does not use. */
  private double[] route(double[] logits, String sparse) {
    boolean sigmoid = type.equals("deepseek_v3");
    double[] p =
        sigmoid
            ? Arrays.stream(logits).map(v -> 1 / (1 + Math.exp(-v))).toArray()
            : softmax(logits);
    double[] choice = p.clone();
    if (sigmoid) {
      double[] bias = vector(sparse + "gate.e_score_correction_bias");
      choice = IntStream.range(0, p.length).mapToDouble(e -> p[e] + bias[e]).toArray();
    }
    if (sigmoid || c.path("topk_method").asText().equals("group_limited_greedy")) {
      choice =
          sigmoid ? inBestGroups(choice, 2, Double.NEGATIVE_INFINITY) : inBestGroups(choice, 1, 0);
    }
    double[] from = sigmoid ? p : choice;
    List<Integer> chosen = best(choice, experts(p, from, choice));
    double sum = chosen.stream().mapToDouble(e -> from[e]).sum();
    boolean norm =
        type.equals("mixtral") || (flag("norm_topk_prob") && !type.equals("deepseek_v2"));
    double scaling = latent() ? c.path("routed_scaling_factor").asDouble(1) : 1;
    double[] weights = new double[p.length];
    chosen.forEach(e -> weights[e] = (norm ? from[e] / sum : from[e]) * scaling);
    return weights;
  }

  /**
   * The top k, or one and each other whose share of p is the threshold or more; beyond the top k of
   * open groups alone.
   */
  private int experts(double[] p, double[] from, double[] choice) {
    int topK = integer("num_experts_per_tok");
    if (threshold == 0) {
      return topK;
    }
    double sum = Arrays.stream(p).sum();
    int groups = c.path("n_group").asInt(1);
    int open = p.length / groups * c.path("topk_group").asInt(groups);
    List<Integer> likeliest = best(choice, Math.max(topK, Math.min(2 * topK, open)));
    int taken = 1;
    for (int j = 1; j < likeliest.size(); j++) {
      double own = from[likeliest.get(j)] / sum;
      double left =
          j < topK
              ? likeliest.subList(j, topK).stream().mapToDouble(e -> from[e] / sum).sum()
              : own;
      taken += Math.sqrt(own * left) >= threshold ? 1 : 0;
    }
    return taken;
  }

  /** From now on tokens get as many experts as a routing by entropy says. */
  void route(Routing routing) {
    threshold = routing.threshold();
  }

  private double[] inBestGroups(double[] choice, int counted, double closed) {
    int groups = integer("n_group");
    int size = choice.length / groups;
    double[] score = new double[groups];
    for (int g = 0; g < groups; g++) {
      double[] group = Arrays.copyOfRange(choice, g * size, (g + 1) * size);
      Arrays.sort(group);
      for (int i = 1; i <= counted; i++) {
        score[g] += group[size - i];
      }
    }
    List<Integer> open = best(score, integer("topk_group"));
    return IntStream.range(0, choice.length)
        .mapToDouble(e -> open.contains(e / size) ? choice[e] : closed)
        .toArray();
  }

  private static List<Integer> best(double[] score, int n) {
    List<Integer> order = new ArrayList<>(IntStream.range(0, score.length).boxed().toList());
    order.sort(Comparator.comparingDouble((Integer i) -> score[i]).reversed());
    return order.subList(0, n);
  }

  @Override
  public void close() throws IOException {
    checkpoint.close();
  }
}
