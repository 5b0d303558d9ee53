package dev.millrace.model.program;

import dev.millrace.model.adapter.Site;
import dev.millrace.model.config.AttentionConfig;
import dev.millrace.model.config.ExpertsConfig;
import dev.millrace.model.config.LatentConfig;
import dev.millrace.model.config.MoeConfig;
import dev.millrace.model.config.RouterConfig;
import dev.millrace.model.config.WeightNames;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Which tensor of a checkpoint stands where in a program: the one place that {@link ProgramSource},
 * which names places, and what fills them, agree on.
 */
public final class Layout {

  /** Tables that no checkpoint holds: cos and sin of the rotary angles. */
  public static final int COS = 2;

  public static final int SIN = 3;

  /** A sparse layer's router, as transformers 5 names it in all families. */
  static final String ROUTER = "mlp.gate";

  /** A tensor that stays in fp32. */
  public record Vector(String name, long[] shape) {}

  /**
   * A matrix that is quantized, or a stack of equal ones.
   *
   * @param name of the whole in a checkpoint that stores it whole
   * @param parts one entry a matrix: the tensors whose rows follow each other in it
   */
  public record Matrices(String name, List<List<String>> parts, int rows, int columns) {
    public boolean stacked() {
      return parts.size() > 1 || name.contains(".experts.");
    }

    public long weights() {
      return (long) parts.size() * rows * columns;
    }
  }

  private final MoeConfig config;
  private final List<Vector> vectors = new ArrayList<>();
  private final List<Matrices> matrices = new ArrayList<>();
  private final List<List<Matrices>> packs = new ArrayList<>();
  private final List<Site> sites = new ArrayList<>();
  private final Map<String, Integer> index = new HashMap<>();
  private final Map<String, Integer> packed = new HashMap<>();
  private int packedCount;

  public Layout(MoeConfig config) {
    this.config = config;
    vector("model.embed_tokens", config.vocabSize(), config.hiddenSize());
    vector("model.norm", config.hiddenSize());
    vectors.add(new Vector("cos", table(config)));
    vectors.add(new Vector("sin", table(config)));
    for (int layer = 0; layer < config.numHiddenLayers(); layer++) {
      layer(layer);
    }
    matrix(
        config.tieWordEmbeddings() ? "model.embed_tokens" : "lm_head",
        config.vocabSize(),
        config.hiddenSize());
  }

  private static long[] table(MoeConfig config) {
    return new long[] {config.maxPositionEmbeddings(), config.attention().ropeDim()};
  }

  private void layer(int layer) {
    add(Site.stream(at(layer, "hidden_states"), config.hiddenSize()));
    vector(at(layer, "input_layernorm"), config.hiddenSize());
    vector(at(layer, "post_attention_layernorm"), config.hiddenSize());
    LatentConfig latent = config.attention().latent();
    if (latent == null) {
      grouped(layer, config.attention());
    } else {
      latent(layer, config.attention(), latent);
    }
    if (config.layers().get(layer).sparse()) {
      sparse(layer);
    } else {
      feedForward(at(layer, "mlp"), "gate_proj", "up_proj", "down_proj", config.intermediateSize());
    }
  }

  public static String at(int layer, String module) {
    return "model.layers." + layer + "." + module;
  }

  private void grouped(int layer, AttentionConfig a) {
    int d = config.hiddenSize();
    int q = a.numAttentionHeads() * a.headDim();
    int kv = a.numKeyValueHeads() * a.headDim();
    if (a.qkNorm() != AttentionConfig.QkNorm.NONE) {
      boolean all = a.qkNorm() == AttentionConfig.QkNorm.ALL;
      vector(at(layer, "self_attn.q_norm"), all ? q : a.headDim());
      vector(at(layer, "self_attn.k_norm"), all ? kv : a.headDim());
    }
    site(at(layer, "self_attn.q_proj"), q, d, a.inputBias());
    site(at(layer, "self_attn.k_proj"), kv, d, a.inputBias());
    site(at(layer, "self_attn.v_proj"), kv, d, a.inputBias());
    packTogether(3);
    site(at(layer, "self_attn.o_proj"), d, q, a.outputBias());
  }

  private void latent(int layer, AttentionConfig a, LatentConfig l) {
    int d = config.hiddenSize();
    int q = a.numAttentionHeads() * a.headDim();
    int kv = a.numAttentionHeads() * (l.qkNopeHeadDim() + a.valueHeadDim());
    if (l.qLoraRank() > 0) {
      vector(at(layer, "self_attn.q_a_layernorm"), l.qLoraRank());
      site(at(layer, "self_attn.q_a_proj"), l.qLoraRank(), d, a.inputBias());
      site(at(layer, "self_attn.q_b_proj"), q, l.qLoraRank(), false);
    } else {
      site(at(layer, "self_attn.q_proj"), q, d, false);
    }
    vector(at(layer, "self_attn.kv_a_layernorm"), l.kvLoraRank());
    site(
        at(layer, "self_attn.kv_a_proj_with_mqa"),
        l.kvLoraRank() + l.qkRopeHeadDim(),
        d,
        a.inputBias());
    site(at(layer, "self_attn.kv_b_proj"), kv, l.kvLoraRank(), false);
    site(
        at(layer, "self_attn.o_proj"), d, a.numAttentionHeads() * a.valueHeadDim(), a.outputBias());
  }

  private void sparse(int layer) {
    WeightNames names = config.names();
    RouterConfig router = config.router();
    ExpertsConfig experts = config.experts();
    String module = at(layer, names.sparse());
    vector(module + ".gate", router.numExperts(), config.hiddenSize());
    if (router.adaptable()) {
      add(Site.gate(at(layer, ROUTER), module + ".gate", config.hiddenSize(), router.numExperts()));
    }
    if (router.scoring() == RouterConfig.Scoring.SIGMOID) {
      index.put(module + ".gate.e_score_correction_bias", vectors.size());
      vectors.add(
          new Vector(module + ".gate.e_score_correction_bias", new long[] {router.numExperts()}));
    }
    experts(module + ".experts.", names, router.numExperts(), experts.intermediateSize());
    if (experts.sharedIntermediateSize() > 0) {
      if (experts.sharedGate()) {
        String gate = module + "." + names.shared() + "_gate";
        vector(gate, 1, config.hiddenSize());
        add(Site.gate(gate, gate, config.hiddenSize(), 1));
      }
      feedForward(
          module + "." + names.shared(),
          names.gate(),
          names.up(),
          names.down(),
          experts.sharedIntermediateSize());
    }
    expertSites(layer, router.numExperts(), experts.intermediateSize());
  }

  private void experts(String module, WeightNames names, int n, int intermediate) {
    List<List<String>> gateUp = new ArrayList<>();
    List<List<String>> down = new ArrayList<>();
    for (int e = 0; e < n; e++) {
      String expert = module + e + ".";
      gateUp.add(List.of(expert + names.gate() + ".weight", expert + names.up() + ".weight"));
      down.add(List.of(expert + names.down() + ".weight"));
    }
    matrices(module + "gate_up_proj", gateUp, 2 * intermediate, config.hiddenSize());
    matrices(module + "down_proj", down, config.hiddenSize(), intermediate);
  }

  /**
   * They stand last among a layer's sites, one behind the other. Parameters have their names of
   * transformers 5, alike in all families, modules those of the checkpoint.
   */
  private void expertSites(int layer, int n, int intermediate) {
    int d = config.hiddenSize();
    WeightNames names = config.names();
    String expert = at(layer, names.sparse()) + ".experts.%d.";
    add(
        Site.experts(
            at(layer, "mlp.experts.gate_up_proj"),
            d,
            2 * intermediate,
            n,
            List.of(expert + names.gate(), expert + names.up())));
    add(
        Site.experts(
            at(layer, "mlp.experts.down_proj"),
            intermediate,
            d,
            n,
            List.of(expert + names.down())));
  }

  private void feedForward(String module, String gate, String up, String down, int intermediate) {
    int d = config.hiddenSize();
    String whole = module + ".gate_up_proj.weight";
    List<String> rows = List.of(module + "." + gate + ".weight", module + "." + up + ".weight");
    matrices(whole, List.of(rows), 2 * intermediate, d);
    add(Site.linear(module + "." + gate, d, intermediate));
    add(Site.linear(module + "." + up, d, intermediate));
    site(module + "." + down, d, intermediate, false);
  }

  private void vector(String module, long... shape) {
    index.put(module, vectors.size());
    vectors.add(new Vector(module + ".weight", shape));
  }

  /** A matrix to which an adapter may add. */
  private void site(String module, int rows, int columns, boolean bias) {
    if (bias) {
      index.put(module + ".bias", vectors.size());
      vectors.add(new Vector(module + ".bias", new long[] {rows}));
    }
    add(Site.linear(module, columns, rows));
    matrix(module, rows, columns);
  }

  private void add(Site site) {
    index.put("site:" + site.name(), sites.size());
    sites.add(site);
  }

  private void matrix(String module, int rows, int columns) {
    matrices(module + ".weight", List.of(List.of(module + ".weight")), rows, columns);
  }

  private void matrices(String name, List<List<String>> parts, int rows, int columns) {
    index.put("matrix:" + name, matrices.size());
    packed.put(name, packedCount);
    packedCount += parts.size();
    matrices.add(new Matrices(name, parts, rows, columns));
    packs.add(List.of(matrices.get(matrices.size() - 1)));
  }

  /** Makes one packed matrix of the last ones: they read the same rows. */
  private void packTogether(int count) {
    List<Matrices> last = matrices.subList(matrices.size() - count, matrices.size());
    packs.subList(packs.size() - count, packs.size()).clear();
    packs.add(List.copyOf(last));
    last.stream().skip(1).forEach(m -> packed.remove(m.name()));
    packedCount -= count - 1;
  }

  public List<Vector> vectors() {
    return vectors;
  }

  public List<Matrices> matrices() {
    return matrices;
  }

  /** What is packed, in order: matrices of one list are one, the rows of each behind the last's. */
  public List<List<Matrices>> packs() {
    return packs;
  }

  public List<Site> sites() {
    return List.copyOf(sites);
  }

  /** Whether there is a vector of this name. */
  public boolean hasVector(String module) {
    return index.containsKey(module);
  }

  /** Place of a vector: a module's weight, or its {@code .bias}. */
  public int vector(String module) {
    return require(index, module);
  }

  public int site(String module) {
    return require(index, "site:" + module);
  }

  /** Place of a matrix, or of a stack, among the fp32 ones. */
  public int matrix(String name) {
    return require(index, "matrix:" + name);
  }

  /** Place of a matrix, or of the first of a stack, among the packed ones. */
  public int packed(String name) {
    return require(packed, name);
  }

  /** Place of each matrix among the packed ones; -1 where it is in another's. */
  public List<Integer> packedPlaces() {
    return matrices.stream().map(m -> packed.getOrDefault(m.name(), -1)).toList();
  }

  private static int require(Map<String, Integer> places, String name) {
    Integer place = places.get(name);
    if (place == null) {
      throw new IllegalStateException("no place for " + name);
    }
    return place;
  }
}
