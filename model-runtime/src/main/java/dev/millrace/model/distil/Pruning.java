package dev.millrace.model.distil;

import static dev.millrace.model.distil.PrincipalDirections.dot;

import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.Routes;
import dev.millrace.model.base.Sequence;
import dev.millrace.model.config.MoeConfig;
import dev.millrace.model.config.MoeConfigs;
import dev.millrace.model.djl.DjlModels;
import dev.millrace.model.djl.Precision;
import dev.millrace.model.djl.StreamStatistics;
import dev.millrace.model.weights.Checkpoint;
import dev.millrace.model.weights.DType;
import dev.millrace.model.weights.SafetensorsWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;

/**
 * Cuts a student out of its teacher (Muralidharan et al., arXiv 2407.14679): of each layer the
 * experts that most tokens are read by (Lu et al., arXiv 2402.14800) and the heads that write most,
 * and of the stream its first principal directions on some texts (SliceGPT, Ashkboos et al., arXiv
 * 2401.15024).
 */
final class Pruning {

  private final Checkpoint teacher;
  private final MoeConfig from;
  private final MoeConfig to;
  private final int[][] experts;
  private final StreamStatistics stream;
  private final double[][] directions;
  private final SafetensorsWriter writer = new SafetensorsWriter().metadata("format", "pt");

  private Pruning(Checkpoint teacher, MoeConfig to, int[][] experts, StreamStatistics stream) {
    this.teacher = teacher;
    this.from = teacher.config();
    this.to = to;
    this.experts = experts;
    this.stream = stream;
    this.directions = PrincipalDirections.of(sum(stream.grams()), to.hiddenSize());
  }

  /**
   * Writes the student's checkpoint.
   *
   * @param texts token ids that tell what matters, 2 or more each
   */
  static void write(Path teacher, MoeConfig student, List<int[]> texts, Path out)
      throws IOException {
    int[][] experts = used(teacher, texts, student.router().numExperts());
    StreamStatistics stream = StreamStatistics.of(teacher, texts, experts);
    Files.createDirectories(out);
    try (Checkpoint checkpoint = Checkpoint.open(teacher)) {
      new Pruning(checkpoint, student, experts, stream).write(out);
    }
    MoeConfigs.write(student, "float32", out.resolve("config.json"));
  }

  /** The experts of each layer that read most tokens: (layers, count). */
  private static int[][] used(Path teacher, List<int[]> texts, int count) throws IOException {
    try (BaseModel model = DjlModels.open(teacher, Precision.INT8)) {
      long[][] uses =
          new long[model.config().numHiddenLayers()][model.config().router().numExperts()];
      List<Sequence> sequences =
          texts.stream().map(text -> new Sequence(text, model.noAdapter())).toList();
      for (Routes routes : model.routes(sequences)) {
        for (int layer = 0; layer < uses.length; layer++) {
          for (int[] token : routes.layers().get(layer)) {
            for (int expert : token) {
              uses[layer][expert]++;
            }
          }
        }
      }
      return Arrays.stream(uses)
          .map(of -> greatest(of.length, count, expert -> of[expert]))
          .toArray(int[][]::new);
    }
  }

  private void write(Path out) throws IOException {
    add("model.embed_tokens.weight", readers("model.embed_tokens.weight", ones(), all(vocab())));
    for (int layer = 0; layer < from.numHiddenLayers(); layer++) {
      String at = "model.layers." + layer + ".";
      attention(at, 2 * layer);
      experts(at, layer);
    }
    float[] norm = norm("model.norm.weight", stream.grams().size() - 1);
    if (!to.tieWordEmbeddings()) {
      add("lm_head.weight", readers("lm_head.weight", norm, all(vocab())));
    }
    writer.write(out.resolve("model.safetensors"));
  }

  private void attention(String at, int place) {
    float[] norm = norm(at + "input_layernorm.weight", place);
    int[] features = features(at + "self_attn.", norm, place);
    for (String name : List.of("q", "k")) {
      String weight = at + "self_attn." + name + "_proj.weight";
      add(weight, readers(weight, norm, features));
      headNorm(at + "self_attn." + name + "_norm.weight", weight, norm, features, place);
    }
    String values = at + "self_attn.v_proj.weight";
    add(values, readers(values, norm, features));
    String out = at + "self_attn.o_proj.weight";
    add(out, writers(matrix(out, width(), width()), features, 1));
  }

  /** The features of the heads that write most into the stream, if they look at one token. */
  private int[] features(String at, float[] norm, int place) {
    int size = from.attention().headDim();
    double[][] values = scaled(matrix(at + "v_proj.weight", width(), width()), norm);
    double[][] out = matrix(at + "o_proj.weight", width(), width());
    double[][] spread =
        Arrays.stream(values)
            .map(row -> times(stream.grams().get(place), row))
            .toArray(double[][]::new);
    int[] heads =
        greatest(
            from.attention().numAttentionHeads(),
            to.attention().numAttentionHeads(),
            head -> written(out, values, spread, head * size, size));
    return Arrays.stream(heads)
        .flatMap(head -> IntStream.range(head * size, (head + 1) * size))
        .toArray();
  }

  /** Trace of O V C Vᵀ Oᵀ over some features. */
  private static double written(
      double[][] out, double[][] values, double[][] spread, int first, int count) {
    double trace = 0;
    for (int i = first; i < first + count; i++) {
      for (int j = first; j < first + count; j++) {
        double both = 0;
        for (double[] row : out) {
          both += row[i] * row[j];
        }
        trace += both * dot(values[i], spread[j]);
      }
    }
    return trace;
  }

  /** Over fewer heads the root mean square is another; what it leaves of each stays as it was. */
  private void headNorm(String name, String weight, float[] norm, int[] features, int place) {
    double[][] gram = stream.grams().get(place);
    double[][] rows = scaled(matrix(weight, width(), width()), norm);
    double before =
        Arrays.stream(rows).mapToDouble(row -> dot(row, times(gram, row))).average().orElseThrow();
    double after =
        Arrays.stream(features)
            .mapToObj(feature -> seen(rows[feature]))
            .mapToDouble(row -> dot(row, times(gram, row)))
            .average()
            .orElseThrow();
    float[] weights = teacher.values(name, width());
    float[] kept = new float[features.length];
    for (int i = 0; i < kept.length; i++) {
      kept[i] = (float) (weights[features[i]] * Math.sqrt(after / before));
    }
    writer.add(name, DType.F32, kept, kept.length);
  }

  /** What a row reads of the stream once all but its principal directions are gone. */
  private double[] seen(double[] row) {
    double[] seen = new double[row.length];
    for (double[] direction : directions) {
      double along = dot(row, direction);
      for (int i = 0; i < seen.length; i++) {
        seen[i] += along * direction[i];
      }
    }
    return seen;
  }

  private void experts(String at, int layer) {
    float[] norm = norm(at + "post_attention_layernorm.weight", 2 * layer + 1);
    add(at + "mlp.gate.weight", readers(at + "mlp.gate.weight", norm, experts[layer]));
    int size = from.experts().intermediateSize();
    boolean sumsToOne = from.router().normTopkProb();
    double share = sumsToOne ? 1 : stream.experts()[layer] / stream.remaining()[layer];
    for (int i = 0; i < experts[layer].length; i++) {
      String teachers = at + "mlp.experts." + experts[layer][i] + ".";
      String students = at + "mlp.experts." + i + ".";
      for (String name : List.of("gate_proj.weight", "up_proj.weight")) {
        add(students + name, readers(teachers + name, norm, all(size)));
      }
      double[][] down = matrix(teachers + "down_proj.weight", width(), size);
      add(students + "down_proj.weight", writers(down, all(size), share));
    }
  }

  /**
   * Writes a norm, whose weights go over to the matrices that read it, but for their size and for
   * what the stream's root mean square loses with its other directions.
   *
   * @return the teacher's weights, as the matrices take them over
   */
  private float[] norm(String name, int place) {
    float[] weights = teacher.values(name, width());
    double squares = 0;
    for (float weight : weights) {
      squares += (double) weight * weight / weights.length;
    }
    double size = Math.sqrt(squares);
    double[][] gram = stream.grams().get(place);
    double kept = Arrays.stream(directions).mapToDouble(d -> dot(d, times(gram, d))).sum();
    float[] students = new float[to.hiddenSize()];
    Arrays.fill(students, (float) (size * Math.sqrt(kept / students.length)));
    writer.add(name, DType.F32, students, students.length);
    for (int i = 0; i < weights.length; i++) {
      weights[i] /= (float) size;
    }
    return weights;
  }

  /** Rows that read the stream, in its principal directions. */
  private double[][] readers(String name, float[] norm, int[] rows) {
    int count = Math.toIntExact(teacher.tensor(name).shape()[0]);
    double[][] all = scaled(matrix(name, count, width()), norm);
    double[][] readers = new double[rows.length][];
    for (int i = 0; i < rows.length; i++) {
      double[] row = all[rows[i]];
      readers[i] = Arrays.stream(directions).mapToDouble(d -> dot(d, row)).toArray();
    }
    return readers;
  }

  /** Columns that write into the stream, in its principal directions. */
  private double[][] writers(double[][] matrix, int[] columns, double times) {
    double[][] writers = new double[directions.length][columns.length];
    for (int k = 0; k < writers.length; k++) {
      for (int j = 0; j < columns.length; j++) {
        double sum = 0;
        for (int i = 0; i < matrix.length; i++) {
          sum += directions[k][i] * matrix[i][columns[j]];
        }
        writers[k][j] = times * sum;
      }
    }
    return writers;
  }

  private void add(String name, double[][] rows) {
    int columns = rows[0].length;
    float[] flat = new float[rows.length * columns];
    for (int i = 0; i < flat.length; i++) {
      flat[i] = (float) rows[i / columns][i % columns];
    }
    writer.add(name, DType.F32, flat, rows.length, columns);
  }

  private double[][] matrix(String name, int rows, int columns) {
    float[] flat = teacher.values(name, rows, columns);
    double[][] matrix = new double[rows][columns];
    for (int i = 0; i < flat.length; i++) {
      matrix[i / columns][i % columns] = flat[i];
    }
    return matrix;
  }

  private static double[][] scaled(double[][] rows, float[] columns) {
    for (double[] row : rows) {
      for (int i = 0; i < row.length; i++) {
        row[i] *= columns[i];
      }
    }
    return rows;
  }

  private static double[] times(double[][] matrix, double[] vector) {
    return Arrays.stream(matrix).mapToDouble(row -> dot(row, vector)).toArray();
  }

  private static double[][] sum(List<double[][]> matrices) {
    double[][] sum = new double[matrices.get(0).length][matrices.get(0).length];
    for (double[][] matrix : matrices) {
      for (int i = 0; i < sum.length; i++) {
        for (int j = 0; j < sum.length; j++) {
          sum[i][j] += matrix[i][j];
        }
      }
    }
    return sum;
  }

  /** Places of the greatest, ascending. */
  private static int[] greatest(int of, int count, IntToDoubleFunction value) {
    double[] values = IntStream.range(0, of).mapToDouble(value).toArray();
    return IntStream.range(0, of)
        .boxed()
        .sorted(Comparator.comparingDouble(i -> -values[i]))
        .limit(count)
        .mapToInt(Integer::intValue)
        .sorted()
        .toArray();
  }

  private float[] ones() {
    float[] ones = new float[width()];
    Arrays.fill(ones, 1);
    return ones;
  }

  private static int[] all(int count) {
    return IntStream.range(0, count).toArray();
  }

  private int vocab() {
    return from.vocabSize();
  }

  private int width() {
    return from.hiddenSize();
  }
}
