package dev.millrace.model.djl;

import ai.djl.ndarray.types.DataType;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import dev.millrace.model.base.Products;
import dev.millrace.model.config.MoeConfig;
import dev.millrace.model.program.Layout;
import dev.millrace.model.program.MatrixFormat;
import dev.millrace.model.simd.Int8Matrix;
import dev.millrace.model.simd.SimdBase;
import dev.millrace.model.weights.Checkpoint;
import dev.millrace.model.weights.HalfFloats;
import dev.millrace.model.weights.InvalidWeightsException;
import dev.millrace.model.weights.Matrix;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Fills a program with the weights of a checkpoint, in the order of its {@link Layout}. One matrix
 * at a time is in memory twice.
 */
final class ProgramWeights {

  /** Values that are read at a time. */
  private static final int CHUNK = 1 << 16;

  private final Layout layout;
  private final Checkpoint checkpoint;
  private final LoadProgress progress;
  private final Staging staging = new Staging();
  private final Staging scales = new Staging();
  private final long total;
  private long done;
  private float[] rows = new float[0];

  ProgramWeights(Layout layout, Checkpoint checkpoint) {
    this(layout, checkpoint, LoadProgress.SILENT);
  }

  ProgramWeights(Layout layout, Checkpoint checkpoint, LoadProgress progress) {
    this.layout = layout;
    this.checkpoint = checkpoint;
    this.progress = progress;
    this.total = layout.matrices().stream().mapToLong(Layout.Matrices::weights).sum();
  }

  MoeConfig config() {
    return checkpoint.config();
  }

  /**
   * Fills a program that serves in int8. Packing a matrix takes it twice more: a large base's head,
   * which may be a tenth of it, is packed before the rest is there, and then put last. Between
   * packed matrices the C library leaves free what would hold a third of them.
   *
   * @param large as {@link MatrixFormat#INT8}
   */
  void int8(Program program, boolean large) {
    embedding(program, Products.BF16);
    vectorsButTheFirst(program);
    try (PtNDManager scope = program.scope()) {
      program.infer(scope, "begin");
    }
    List<List<Layout.Matrices>> packs = new ArrayList<>(layout.packs());
    if (large) {
      Collections.rotate(packs, 1);
    }
    for (List<Layout.Matrices> together : packs) {
      Layout.Matrices first = together.get(0);
      for (int i = 0; i < first.parts().size(); i++) {
        pack(program, together, i);
      }
      if (first.stacked()) {
        try (PtNDManager scope = program.scope()) {
          program.infer(
              scope,
              "stacked",
              IValue.from(layout.packed(first.name())),
              IValue.from(first.parts().size()));
        }
      }
      if (large) {
        staging.free();
        Staging.trim();
      }
    }
    if (large) {
      try (PtNDManager scope = program.scope()) {
        program.infer(scope, "first_last");
      }
    }
  }

  /**
   * Puts the embedding into its place, some rows at a time: whole it may be a GB.
   *
   * @param type of its numbers there, to which they are rounded
   */
  private void embedding(Program program, Products type) {
    MoeConfig config = checkpoint.config();
    int columns = config.hiddenSize();
    try (PtNDManager scope = program.scope()) {
      program.infer(
          scope,
          "embedding",
          IValue.from(config.vocabSize()),
          IValue.from(AdapterGradients.type(type)));
    }
    forChunks(
        checkpoint.matrix(layout.vectors().get(0).name(), config.vocabSize(), columns),
        (row, count) -> {
          staging.bytes(4L * count * columns).asFloatBuffer().put(rows, 0, count * columns);
          try (PtNDManager scope = program.scope()) {
            program.infer(
                scope,
                "embedding_rows",
                IValue.from(staging.view(scope, DataType.FLOAT32, count, columns)),
                IValue.from(row));
          }
        });
  }

  /**
   * Fills a program that trains.
   *
   * @param asInt8 with the integers that serve, else in fp32
   * @param served the int8 program whose embedding it takes; null for one of its own
   */
  void training(Program program, boolean asInt8, @Nullable Program served) {
    if (served != null) {
      program.shareEmbedding(served);
    } else {
      embedding(program, asInt8 ? Products.BF16 : Products.FP32);
    }
    vectorsButTheFirst(program);
    for (Layout.Matrices matrices : layout.matrices()) {
      try (PtNDManager scope = program.scope()) {
        List<PtNDArray> stack = new ArrayList<>();
        List<PtNDArray> rowScales = new ArrayList<>();
        for (int i = 0; i < matrices.parts().size(); i++) {
          if (asInt8) {
            quantize(parts(matrices, i), matrices.rows(), matrices.columns());
            stack.add(copy(scope, staging, DataType.INT8, matrices.rows(), matrices.columns()));
            rowScales.add(copy(scope, scales, DataType.FLOAT32, matrices.rows(), 1));
          } else {
            stack.add(matrix(scope, parts(matrices, i), matrices));
          }
          loaded(matrices);
        }
        if (matrices.stacked()) {
          program.train(scope, "stack", Program.Argument.list("xs", stack));
        } else {
          program.train(scope, "matrix", Program.Argument.of("x", stack.get(0)));
        }
        if (asInt8) {
          program.train(scope, "scales", Program.Argument.list("xs", rowScales));
        }
      }
    }
    staging.free();
  }

  /** The weights of a small base, on the heap, with the integers that serve. */
  SimdBase simd() {
    MoeConfig config = checkpoint.config();
    List<SimdBase.Layer> layers = new ArrayList<>();
    Iterator<List<Layout.Matrices>> packs = layout.packs().iterator();
    for (int layer = 0; layer < config.numHiddenLayers(); layer++) {
      String module = Layout.at(layer, config.names().sparse());
      layers.add(
          new SimdBase.Layer(
              weight(Layout.at(layer, "input_layernorm")),
              weight(Layout.at(layer, "post_attention_layernorm")),
              weight(Layout.at(layer, "self_attn.q_norm")),
              weight(Layout.at(layer, "self_attn.k_norm")),
              simd(packs.next()).get(0),
              simd(packs.next()).get(0),
              new SimdBase.Experts(
                  turned(
                      weight(module + ".gate"), config.router().numExperts(), config.hiddenSize()),
                  simd(packs.next()),
                  simd(packs.next()))));
    }
    float[] embedding = vector(0).data();
    inBf16(embedding);
    return new SimdBase(
        config,
        embedding,
        weight("model.norm"),
        vector(Layout.COS).data(),
        vector(Layout.SIN).data(),
        layers,
        simd(packs.next()).get(0));
  }

  private float[] weight(String module) {
    return layout.hasVector(module) ? vector(layout.vector(module)).data() : new float[0];
  }

  /** (rows, columns) as (columns, rows). */
  static float[] turned(float[] w, int rows, int columns) {
    float[] turned = new float[w.length];
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < columns; c++) {
        turned[c * rows + r] = w[r * columns + c];
      }
    }
    return turned;
  }

  /** Matrices that are packed together: one, or one an expert. */
  private List<Int8Matrix> simd(List<Layout.Matrices> together) {
    int rows = together.stream().mapToInt(Layout.Matrices::rows).sum();
    int columns = together.get(0).columns();
    List<Int8Matrix> matrices = new ArrayList<>();
    for (int i = 0; i < together.get(0).parts().size(); i++) {
      int part = i;
      quantize(together.stream().flatMap(m -> parts(m, part).stream()).toList(), rows, columns);
      byte[] q = new byte[rows * columns];
      float[] s = new float[rows];
      staging.written().get(q);
      scales.written().asFloatBuffer().get(s);
      matrices.add(new Int8Matrix(rows, columns, q, s));
    }
    return matrices;
  }

  /** All weights in fp32 on the heap. */
  InitialWeights values() {
    List<Values> w = new ArrayList<>();
    for (int i = 0; i < layout.vectors().size(); i++) {
      w.add(vector(i));
    }
    return new InitialWeights(w, layout.matrices().stream().map(this::values).toList());
  }

  private Values values(Layout.Matrices matrices) {
    int n = matrices.parts().size();
    float[] all = new float[Math.multiplyExact(n * matrices.rows(), matrices.columns())];
    FloatBuffer buffer = FloatBuffer.wrap(all);
    for (int i = 0; i < n; i++) {
      for (Matrix part : parts(matrices, i)) {
        forChunks(part, (row, count) -> buffer.put(rows, 0, count * matrices.columns()));
      }
    }
    return matrices.stacked()
        ? new Values(all, n, matrices.rows(), matrices.columns())
        : new Values(all, matrices.rows(), matrices.columns());
  }

  /** Fills a program of one layer: its router, and the experts from one to before another. */
  void expertLayer(Program program, String module, int from, int to) {
    String bias = module + ".gate.e_score_correction_bias";
    vector(program, vector(layout.vector(module + ".gate")));
    if (layout.hasVector(bias)) {
      vector(program, vector(layout.vector(bias)));
    }
    for (String name : List.of(".experts.gate_up_proj", ".experts.down_proj")) {
      Layout.Matrices matrices = layout.matrices().get(layout.matrix(module + name));
      try (PtNDManager scope = program.scope()) {
        List<PtNDArray> stack = new ArrayList<>();
        for (int i = from; i < to; i++) {
          stack.add(matrix(scope, parts(matrices, i), matrices));
        }
        if (!stack.isEmpty()) {
          program.train(scope, "stack", Program.Argument.list("xs", stack));
        }
      }
    }
  }

  private static PtNDArray copy(PtNDManager scope, Staging from, DataType type, long... shape) {
    try (PtNDArray view = from.view(scope, type, shape)) {
      return (PtNDArray) view.duplicate();
    }
  }

  private void vectorsButTheFirst(Program program) {
    for (int i = 1; i < layout.vectors().size(); i++) {
      vector(program, vector(i));
    }
  }

  private static void vector(Program program, Values values) {
    try (PtNDManager scope = program.scope()) {
      program.train(scope, "vector", Program.Argument.of("x", Program.array(scope, values)));
    }
  }

  private static void inBf16(float[] values) {
    for (int i = 0; i < values.length; i++) {
      values[i] = HalfFloats.fromBf16(HalfFloats.toBf16(values[i]));
    }
  }

  private Values vector(int i) {
    Layout.Vector vector = layout.vectors().get(i);
    if (i == Layout.COS || i == Layout.SIN) {
      return rotary(checkpoint.config(), i == Layout.COS);
    }
    return new Values(checkpoint.values(vector.name(), vector.shape()), vector.shape());
  }

  /**
   * cos or sin of the rotary angles: (max_position_embeddings, features). The first half of sin is
   * negative.
   */
  static Values rotary(MoeConfig c, boolean cos) {
    int dim = c.attention().ropeDim();
    float[] frequencies = c.rope().frequencies(dim);
    float[] table = new float[Math.multiplyExact(c.maxPositionEmbeddings(), dim)];
    for (int p = 0; p < c.maxPositionEmbeddings(); p++) {
      for (int j = 0; j < dim; j++) {
        float angle = p * frequencies[j % (dim / 2)];
        double value = cos ? Math.cos(angle) : Math.sin(angle) * (j < dim / 2 ? -1 : 1);
        table[p * dim + j] = (float) (value * c.rope().attentionFactor());
      }
    }
    return new Values(table, c.maxPositionEmbeddings(), dim);
  }

  /** The tensors whose rows make matrix {@code i}. */
  private List<Matrix> parts(Layout.Matrices matrices, int i) {
    return parts(checkpoint, matrices, i);
  }

  static List<Matrix> parts(Checkpoint checkpoint, Layout.Matrices matrices, int i) {
    List<String> names = matrices.parts().get(i);
    if (matrices.stacked() && !checkpoint.has(names.get(0)) && checkpoint.has(matrices.name())) {
      return List.of(
          checkpoint.matrix(
              matrices.name(), i, matrices.parts().size(), matrices.rows(), matrices.columns()));
    }
    int each = matrices.rows() / names.size();
    return names.stream().map(n -> checkpoint.matrix(n, each, matrices.columns())).toList();
  }

  private void pack(Program program, List<Layout.Matrices> together, int i) {
    int rows = together.stream().mapToInt(Layout.Matrices::rows).sum();
    int columns = together.get(0).columns();
    quantize(together.stream().flatMap(m -> parts(m, i).stream()).toList(), rows, columns);
    try (PtNDManager scope = program.scope()) {
      program.infer(
          scope,
          "pack",
          IValue.from(staging.view(scope, DataType.INT8, rows, columns)),
          IValue.from(scales.view(scope, DataType.FLOAT32, rows)));
    }
    together.forEach(this::loaded);
  }

  /** Stages a matrix as integers, and the scales of its rows. */
  private void quantize(List<Matrix> parts, int height, int columns) {
    ByteBuffer q = staging.bytes((long) height * columns);
    ByteBuffer s = scales.bytes(4L * height);
    for (Matrix part : parts) {
      forChunks(
          part,
          (row, count) -> {
            for (int r = 0; r < count; r++) {
              float scale = RowQuantizer.scale(rows, r * columns, columns);
              RowQuantizer.quantize(rows, r * columns, columns, scale, q);
              s.putFloat(scale);
            }
          });
    }
  }

  private PtNDArray matrix(PtNDManager scope, List<Matrix> parts, Layout.Matrices shape) {
    int columns = shape.columns();
    ByteBuffer bytes = staging.bytes(4L * shape.rows() * columns);
    for (Matrix part : parts) {
      forChunks(
          part,
          (row, count) -> {
            bytes.asFloatBuffer().put(rows, 0, count * columns);
            bytes.position(bytes.position() + 4 * count * columns);
          });
    }
    return copy(scope, staging, DataType.FLOAT32, shape.rows(), columns);
  }

  private void loaded(Layout.Matrices shape) {
    done += (long) shape.rows() * shape.columns();
    progress.loaded(done, total);
  }

  private interface Chunk {
    void read(int row, int count);
  }

  private void forChunks(Matrix matrix, Chunk chunk) {
    int most = Math.max(1, CHUNK / matrix.columns());
    if (rows.length < most * matrix.columns()) {
      rows = new float[most * matrix.columns()];
    }
    for (int row = 0; row < matrix.rows(); row += most) {
      int count = Math.min(most, matrix.rows() - row);
      matrix.read(row, count, rows);
      chunk.read(row, count);
    }
  }

  /** Refuses a checkpoint whose tensors do not have the sizes that its configuration gives. */
  static void requireComplete(Layout layout, Checkpoint checkpoint) {
    for (int i = 0; i < layout.vectors().size(); i++) {
      if (i != Layout.COS && i != Layout.SIN) {
        checkpoint.tensor(layout.vectors().get(i).name()).require(layout.vectors().get(i).shape());
      }
    }
    ProgramWeights weights = new ProgramWeights(layout, checkpoint);
    for (Layout.Matrices matrices : layout.matrices()) {
      for (int i = 0; i < matrices.parts().size(); i++) {
        if (weights.parts(matrices, i).isEmpty()) {
          throw new InvalidWeightsException("tensor " + matrices.name() + ": missing");
        }
      }
    }
  }
}
