package dev.millrace.model.djl;

import ai.djl.engine.Engine;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import dev.millrace.model.config.MoeConfig;
import dev.millrace.model.config.MoeConfigs;
import dev.millrace.model.program.Layout;
import dev.millrace.model.program.MatrixFormat;
import dev.millrace.model.program.ProgramSource;
import dev.millrace.model.simd.Int8Matrix;
import dev.millrace.model.simd.SimdBase;
import dev.millrace.model.simd.SimdFeedForwards;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * A mixture of experts and one dense feed-forward layer of the same total size, of random weights,
 * as the programs run them: for measuring.
 */
public final class FeedForwards implements AutoCloseable {

  /** The calls that are measured; the program is otherwise the one that serves. */
  private static final String METHODS =
      """
        def off(self: __torch__.Program, n: int) -> Tuple[List[int], List[Tensor], List[int], List[float]]:
          return (annotate(List[int], [n]), annotate(List[Tensor], []), annotate(List[int], [-1]), annotate(List[float], [0.]))
        def run_mixture(self: __torch__.Program, x: Tensor) -> List[Tensor]:
          route = self.routed(x, $router, 0, torch.zeros([0, 1], dtype=6), self.off(x.size(0)), self.w)
          return annotate(List[Tensor], [self.sparse(x, $experts_at, 0, route, self.off(x.size(0)), self.m)])
        def run_dense(self: __torch__.Program, x: Tensor) -> List[Tensor]:
          return annotate(List[Tensor], [self.feed_forward(x, $dense_at, 0, self.off(x.size(0)), self.m)])
        def chosen(self: __torch__.Program, x: Tensor) -> List[Tensor]:
          p, weights, experts, kept = self.routes(torch.linear(x, self.w[$router]), self.w, $router, torch.zeros([0, 1], dtype=6))
          return annotate(List[Tensor], [experts])
        def router(self: __torch__.Program) -> List[Tensor]:
          return annotate(List[Tensor], [self.w[$router]])
        def random(self: __torch__.Program) -> List[Tensor]:
          drawn = annotate(List[Tensor], [])
      """;

  private static final String PLAIN =
      """
        def plain(self: __torch__.Program, q: Tensor, s: Tensor) -> List[Tensor]:
          packed = unchecked_cast(List[__torch__.torch.classes.quantized.LinearPackedParamsBase], self.packed)
          zero = torch.zeros([q.size(0)], dtype=4)
          packed.append(ops.quantized.linear_prepack(torch._make_per_channel_quantized_tensor(q, torch.to(s, 7), zero, 0), None))
          return annotate(List[Tensor], [])
        def run_plain(self: __torch__.Program, x: Tensor) -> List[Tensor]:
          packed = unchecked_cast(List[__torch__.torch.classes.quantized.LinearPackedParamsBase], self.packed)
          g, u = torch.chunk(ops.quantized.linear_dynamic(x, packed[$plain_at], False), 2, -1)
          y = ops.quantized.linear_dynamic(torch.mul(torch.silu(g), u), packed[$plain_at + 1], False)
          return annotate(List[Tensor], [y])
      """;

  private static final String SPARSE = "model.layers.1.mlp";
  private static final String DENSE = "model.layers.0.mlp";

  private static final float SCALE = 0.001f;

  /**
   * The sizes of a mixture; the dense layer is as wide as all experts together.
   *
   * @param hidden width of the model
   * @param intermediate width of an expert
   */
  public record Sizes(int hidden, int intermediate, int experts, int topK) {

    /** Weights of all experts, and of the dense layer. */
    public long parameters() {
      return expertParameters() * experts;
    }

    public long expertParameters() {
      return 3L * hidden * intermediate;
    }

    private MoeConfig config() {
      return MoeConfigs.parse(
          """
          {"model_type": "qwen3_moe", "architectures": ["Qwen3MoeForCausalLM"], "vocab_size": 8,
           "hidden_size": %d, "intermediate_size": %d, "moe_intermediate_size": %d,
           "num_experts": %d, "num_experts_per_tok": %d, "mlp_only_layers": [0],
           "num_hidden_layers": 2, "num_attention_heads": 1, "num_key_value_heads": 1,
           "head_dim": 2, "max_position_embeddings": 8, "norm_topk_prob": false}
          """
              .formatted(hidden, intermediate * experts, intermediate, experts, topK)
              .getBytes(StandardCharsets.UTF_8));
    }
  }

  private final Sizes sizes;
  private final Precision precision;
  private final MoeConfig config;
  private final Layout layout;
  private final MatrixFormat format;
  private final Program program;
  private final PtNDManager memory;

  /** The packed integers of a small base, each (rows, columns); else none. */
  private final PtNDArray[] drawn;

  private FeedForwards(Sizes sizes, Precision precision, long seed) {
    this.sizes = sizes;
    this.precision = precision;
    this.config = sizes.config();
    this.layout = new Layout(config);
    this.format = precision.format(config);
    boolean int8 = precision == Precision.INT8;
    this.program =
        Program.compile(
            (int8
                    ? ProgramSource.int8(config, layout, format)
                    : ProgramSource.float32(config, layout))
                + methods(layout, format));
    Engine.getEngine(Program.ENGINE).setRandomSeed((int) seed);
    this.memory = program.scope();
    this.drawn = program.infer(memory, "random");
  }

  /** Layers of weights drawn by a seed. */
  public static FeedForwards random(Sizes sizes, Precision precision, long seed) {
    return new FeedForwards(sizes, precision, seed);
  }

  private static String methods(Layout layout, MatrixFormat format) {
    boolean int8 = format != MatrixFormat.FLOAT32;
    String experts = SPARSE + ".experts.gate_up_proj";
    String dense = DENSE + ".gate_up_proj.weight";
    return (METHODS + fill(layout, format) + (int8 ? PLAIN : ""))
        .replace("$keep", format == MatrixFormat.INT8_IN_FP16 ? "drawn.append(q)" : "none = none")
        .replace("$router", Integer.toString(layout.vector(SPARSE + ".gate")))
        .replace(
            "$experts_at", Integer.toString(int8 ? layout.packed(experts) : layout.matrix(experts)))
        .replace(
            "$plain_at", Integer.toString(format == MatrixFormat.INT8 ? layout.packed(dense) : -2))
        .replace("$dense_at", Integer.toString(int8 ? layout.packed(dense) : layout.matrix(dense)));
  }

  /** The lines that draw every weight. */
  private static String fill(Layout layout, MatrixFormat format) {
    boolean int8 = format != MatrixFormat.FLOAT32;
    StringBuilder lines = new StringBuilder();
    for (Layout.Vector vector : layout.vectors()) {
      line(lines, "self.w.append(torch.randn(" + Arrays.toString(vector.shape()) + ", dtype=6))");
    }
    line(lines, int8 ? "none = self.begin()" : "none = annotate(List[Tensor], [])");
    if (int8) {
      layout.packs().forEach(together -> packs(lines, layout, together));
    } else {
      layout.matrices().forEach(m -> matrix(lines, m));
    }
    if (format == MatrixFormat.INT8_IN_FP16) {
      int dense = layout.matrix(DENSE + ".gate_up_proj.weight");
      for (Layout.Matrices m : layout.matrices().subList(dense, dense + 2)) {
        line(lines, call("plain", "drawn[" + layout.packed(m.name()) + "]", m.rows()));
      }
    }
    line(lines, "return drawn");
    return lines.toString();
  }

  private static void packs(StringBuilder lines, Layout layout, List<Layout.Matrices> together) {
    Layout.Matrices first = together.get(0);
    int rows = together.stream().mapToInt(Layout.Matrices::rows).sum();
    String shape = "[" + rows + ", " + first.columns() + "]";
    line(lines, "for i in range(" + first.parts().size() + "):");
    line(lines, "  q = torch.randint(-127, 128, " + shape + ", dtype=1)");
    line(lines, "  " + call("pack", "q", rows));
    line(lines, "  $keep");
    if (first.stacked()) {
      int at = layout.packed(first.name());
      line(lines, "none = self.stacked(" + at + ", " + first.parts().size() + ")");
    }
  }

  private static String call(String method, String integers, int rows) {
    return "none = self.%s(%s, torch.full([%d], %s, dtype=6))"
        .formatted(method, integers, rows, SCALE);
  }

  private static void matrix(StringBuilder lines, Layout.Matrices m) {
    String stack = m.stacked() ? m.parts().size() + ", " : "";
    String shape = "[" + stack + m.rows() + ", " + m.columns() + "]";
    line(lines, "self.m.append(torch.mul(torch.randn(" + shape + ", dtype=6), 0.02))");
  }

  private static void line(StringBuilder lines, String line) {
    lines.append("    ").append(line).append('\n');
  }

  /** Whether a small base has such a mixture, whose answers Java computes where it can. */
  public boolean answersInJava() {
    return format == MatrixFormat.INT8_IN_FP16;
  }

  /**
   * The same layers in Java, of the same integers.
   *
   * @throws IllegalStateException if they are not a small base's
   */
  public SimdFeedForwards inJava() {
    if (!answersInJava()) {
      throw new IllegalStateException(
          "matrices in %s, expected %s".formatted(format, MatrixFormat.INT8_IN_FP16));
    }
    SimdBase.Experts experts =
        new SimdBase.Experts(
            router(),
            matrices(SPARSE + ".experts.gate_up_proj"),
            matrices(SPARSE + ".experts.down_proj"));
    return new SimdFeedForwards(
        config,
        experts,
        matrices(DENSE + ".gate_up_proj.weight").get(0),
        matrices(DENSE + ".down_proj.weight").get(0));
  }

  /** (hidden, experts). */
  private float[] router() {
    try (PtNDManager scope = program.scope()) {
      float[] w = program.infer(scope, "router")[0].toFloatArray();
      return ProgramWeights.turned(w, sizes.experts, sizes.hidden);
    }
  }

  private List<Int8Matrix> matrices(String name) {
    Layout.Matrices m = layout.matrices().get(layout.matrix(name));
    float[] scales = new float[m.rows()];
    Arrays.fill(scales, SCALE);
    return Arrays.stream(drawn, layout.packed(name), layout.packed(name) + m.parts().size())
        .map(q -> new Int8Matrix(m.rows(), m.columns(), q.toByteArray(), scales))
        .toList();
  }

  /** Rows on the heap and in native memory: (rows, hidden). */
  public final class Batch {
    private final float[] rows;
    private final PtNDArray x;

    private Batch(float[] rows) {
      this.rows = rows;
      this.x = Program.array(memory, new Values(rows, rows.length / sizes.hidden, sizes.hidden));
    }

    /** (rows, hidden), for {@link #inJava}. */
    public float[] rows() {
      return rows;
    }

    /** Runs the mixture: router, experts, sum. */
    public void mixture() {
      run("run_mixture").close();
    }

    /** Runs the dense layer. */
    public void dense() {
      run("run_dense").close();
    }

    /** Runs the dense layer in int8 as DJL offers it: one scale for the activations of all rows. */
    public void plainDense() {
      if (precision != Precision.INT8) {
        throw new IllegalStateException("precision " + precision + ", expected INT8");
      }
      run("run_plain").close();
    }

    /** How many experts the router sends these rows to. */
    public int touchedExperts() {
      try (PtNDManager scope = program.scope()) {
        PtNDArray experts = program.infer(scope, "chosen", IValue.from(x))[0];
        return (int) Arrays.stream(experts.toLongArray()).distinct().count();
      }
    }

    /** What a method gives: (rows, hidden). */
    float[] result(String method) {
      try (PtNDManager scope = program.scope()) {
        return program.infer(scope, method, IValue.from(x))[0].toFloatArray();
      }
    }

    private PtNDManager run(String method) {
      PtNDManager scope = program.scope();
      program.infer(scope, method, IValue.from(x));
      return scope;
    }
  }

  /** Batches of so many rows each, drawn by a seed. */
  public List<Batch> batches(int count, int rows, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    List<Batch> batches = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      float[] values = new float[rows * sizes.hidden];
      for (int j = 0; j < values.length; j++) {
        values[j] = (float) random.nextGaussian();
      }
      batches.add(new Batch(values));
    }
    return batches;
  }

  @Override
  public void close() {
    memory.close();
    program.close();
  }
}
