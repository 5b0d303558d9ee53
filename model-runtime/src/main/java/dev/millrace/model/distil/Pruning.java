package dev.millrace.model.distil;

import static dev.millrace.model.distil.Matrices.columns;
import static dev.millrace.model.distil.Matrices.flat;
import static dev.millrace.model.distil.Matrices.principal;
import static dev.millrace.model.distil.Matrices.scaled;
import static dev.millrace.model.distil.Matrices.some;
import static dev.millrace.model.distil.Matrices.sum;
import static dev.millrace.model.distil.Matrices.times;
import static dev.millrace.model.distil.Matrices.transposed;
import static dev.millrace.model.weights.PrincipalDirections.dot;

import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.Routes;
import dev.millrace.model.base.Sequence;
import dev.millrace.model.config.MoeConfig;
import dev.millrace.model.config.MoeConfigs;
import dev.millrace.model.djl.DjlModels;
import dev.millrace.model.djl.Precision;
import dev.millrace.model.djl.StreamPair;
import dev.millrace.model.djl.StreamStatistics;
import dev.millrace.model.weights.Checkpoint;
import dev.millrace.model.weights.DType;
import dev.millrace.model.weights.Matrix;
import dev.millrace.model.weights.SafetensorsWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;

/**
 * Cuts a student out of its teacher (Muralidharan et al., arXiv 2407.14679): of each layer the
 * experts that most tokens are read by (Lu et al., arXiv 2402.14800), or one expert of the neurons
 * that write most, and the heads that write most; of the stream its first principal directions on
 * some texts (SliceGPT, Ashkboos et al., arXiv 2401.15024). What stays is fitted to those texts by
 * least squares, matrix by matrix as the stream passes them, so that each makes up for what is gone
 * and for what those before it did not reach.
 */
final class Pruning {

  private static final String EMBEDDING = "model.embed_tokens.weight";
  private static final String HEAD = "lm_head.weight";
  private static final String NORM = "model.norm.weight";

  private final Checkpoint teacher;
  private final MoeConfig from;
  private final MoeConfig to;
  private final int[][] experts;
  private final StreamStatistics stream;
  private final double[][] directions;
  private final StreamPair pair;
  private final Runnable before;

  /** So many of the stream's first features the head does not read. */
  private final int hidden;

  private final SafetensorsWriter writer = new SafetensorsWriter().metadata("format", "pt");

  /**
   * How a place of the stream is read.
   *
   * @param norm the teacher's weights, as the matrices take them over
   * @param scale of what the teacher's norm gives to what the student's does
   */
  private record Place(float[] norm, double scale, StreamPair.Sums sums) {}

  /**
   * What of the teacher a student is.
   *
   * @param directions of the stream, (student's width, teacher's width)
   * @param experts (layers, student's): those that stayed; any, where one reads all tokens
   */
  record Part(double[][] directions, int[][] experts) {}

  private Pruning(
      Checkpoint teacher,
      MoeConfig to,
      int[][] experts,
      StreamStatistics stream,
      double[][] directions,
      StreamPair pair,
      Runnable before) {
    this.teacher = teacher;
    this.from = teacher.config();
    this.to = to;
    this.experts = experts;
    this.stream = stream;
    this.directions = directions;
    this.pair = pair;
    this.before = before;
    this.hidden = joins(from, to) ? TiedTable.written(to.hiddenSize()) : 0;
  }

  /** Whether one table comes of the teacher's two. */
  private static boolean joins(MoeConfig teacher, MoeConfig student) {
    return student.tieWordEmbeddings() && !teacher.tieWordEmbeddings();
  }

  /**
   * Writes the student's checkpoint, and says what of the teacher it is.
   *
   * @param student as many layers as the teacher has; one expert, where the teacher has more, is of
   *     neurons of all
   * @param texts token ids that tell what matters, 2 or more each
   * @param before is run before each part and each text, and for each matrix or row of what takes
   *     long; what it throws ends the writing
   */
  static Part write(Path teacher, MoeConfig student, List<int[]> texts, Path out, Runnable before)
      throws IOException {
    Files.createDirectories(out);
    Part part;
    try (Checkpoint checkpoint = Checkpoint.open(teacher)) {
      int all = checkpoint.config().router().numExperts();
      int count = student.router().numExperts();
      int[][] experts = used(teacher, texts, count == 1 ? all : count, before);
      StreamStatistics stream = StreamStatistics.of(teacher, texts, experts, before);
      double[][] directions = principal(sum(stream.grams()), student.hiddenSize(), before);
      if (joins(checkpoint.config(), student)) {
        directions =
            TiedTable.turned(directions, stream.grams().get(0), head(checkpoint), texts, before);
      } else if (student.tieWordEmbeddings()) {
        directions = TiedTable.alongNorm(directions, norm(checkpoint), before);
      }
      try (StreamPair pair = new StreamPair(teacher, student, flat(directions), before)) {
        new Pruning(checkpoint, student, experts, stream, directions, pair, before)
            .write(texts, out);
      }
      part = new Part(directions, count == 1 ? new int[experts.length][1] : experts);
    }
    MoeConfigs.write(student, "float32", out.resolve("config.json"));
    return part;
  }

  /** The experts of each layer that read most tokens: (layers, count). */
  private static int[][] used(Path teacher, List<int[]> texts, int count, Runnable before)
      throws IOException {
    try (BaseModel model = DjlModels.open(teacher, Precision.INT8, before)) {
      long[][] uses =
          new long[model.config().numHiddenLayers()][model.config().router().numExperts()];
      for (int[] text : texts) {
        before.run();
        Routes routes = model.routes(List.of(new Sequence(text, model.noAdapter()))).get(0);
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

  private void write(List<int[]> texts, Path out) throws IOException {
    double[][] table = along(matrix(EMBEDDING, vocab(), width()));
    double factor = 1;
    if (hidden > 0) {
      double[][] head = columns(along(head(teacher)), shown(hidden));
      factor = TiedTable.factor(table, head);
      TiedTable.put(head, factor, table);
    }
    pair.set(EMBEDDING, flat(table));
    pair.begin(texts);
    for (int layer = 0; layer < from.numHiddenLayers(); layer++) {
      String at = "model.layers." + layer + ".";
      before.run();
      attention(at, layer);
      before.run();
      experts(at, layer);
    }
    float[] gains = new float[to.hiddenSize()];
    Arrays.fill(gains, hidden, gains.length, (float) (1 / factor));
    if (from.tieWordEmbeddings()) { // no matrix takes over the norm's weights
      gains = TiedTable.gains(directions, norm(teacher));
    }
    Place end = place(NORM, 2 * from.numHiddenLayers(), gains);
    if (hidden > 0) {
      TiedTable.put(readers(matrix(HEAD, vocab(), width()), end, hidden), factor, table);
    } else if (!to.tieWordEmbeddings()) {
      add(HEAD, readers(matrix(HEAD, vocab(), width()), end));
    }
    add(EMBEDDING, table);
    writer.write(out.resolve("model.safetensors"));
  }

  private void attention(String at, int layer) {
    Place place = place(at + "input_layernorm.weight", 2 * layer);
    int[] features = features(at + "self_attn.", place.norm, 2 * layer);
    for (String name : List.of("q", "k", "v")) {
      String weight = at + "self_attn." + name + "_proj.weight";
      double[][] rows = matrix(weight, width(), width());
      double[][] readers = readers(some(rows, features), place);
      put(weight, readers);
      if (!name.equals("v")) {
        String norm = at + "self_attn." + name + "_norm.weight";
        headNorm(norm, scaled(rows, place.norm), readers, features, place, 2 * layer);
      }
    }
    String out = at + "self_attn.o_proj.weight";
    double[][] writers = along(some(transposed(matrix(out, width(), width())), features));
    put(out, fitted(pair.attention(layer), transposed(writers)));
    pair.attended(layer);
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
  private void headNorm(
      String name, double[][] teachers, double[][] students, int[] features, Place place, int at) {
    double before = size(teachers, stream.grams().get(at));
    double after = size(students, place.sums.gram()) / place.sums.tokens();
    double scale = Math.sqrt(after / before) / place.scale;
    float[] weights = teacher.values(name, width());
    float[] kept = new float[features.length];
    for (int i = 0; i < kept.length; i++) {
      kept[i] = (float) (weights[features[i]] * scale);
    }
    put(name, kept);
  }

  /** Mean square of what rows read, if they read numbers of such a Gram matrix. */
  private static double size(double[][] rows, double[][] gram) {
    return Arrays.stream(rows)
        .mapToDouble(row -> dot(row, times(gram, row)))
        .average()
        .orElseThrow();
  }

  private void experts(String at, int layer) {
    Place place = place(at + "post_attention_layernorm.weight", 2 * layer + 1);
    int size = to.experts().intermediateSize();
    int count = to.router().numExperts();
    boolean one = count == 1;
    int[] neurons = one ? neurons(at, layer, size) : whole(experts[layer]);
    double[][] gate = matrix(at + "mlp.gate.weight", from.router().numExperts(), width());
    put(
        at + "mlp.gate.weight",
        readers(one ? new double[1][width()] : some(gate, experts[layer]), place));
    double[][] gates = readers(neurons(at, "gate_proj", neurons), place);
    double[][] ups = readers(neurons(at, "up_proj", neurons), place);
    List<double[]> gateUp = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      gateUp.addAll(Arrays.asList(gates).subList(i * size, (i + 1) * size));
      gateUp.addAll(Arrays.asList(ups).subList(i * size, (i + 1) * size));
    }
    pair.set(at + "mlp.experts.gate_up_proj", flat(gateUp.toArray(double[][]::new)));
    double share = share(layer, one);
    double[][] writers = transposed(along(neurons(at, "down_proj", neurons)));
    for (double[] row : writers) {
      Arrays.setAll(row, i -> share * row[i]);
    }
    double[][] downs = fitted(pair.experts(layer, neurons.length), writers);
    List<double[]> stacked = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      String students = at + "mlp.experts." + i + ".";
      double[][] down = columns(downs, range(i * size, size));
      add(students + "gate_proj.weight", Arrays.copyOfRange(gates, i * size, (i + 1) * size));
      add(students + "up_proj.weight", Arrays.copyOfRange(ups, i * size, (i + 1) * size));
      add(students + "down_proj.weight", down);
      stacked.addAll(Arrays.asList(down));
    }
    pair.set(at + "mlp.experts.down_proj", flat(stacked.toArray(double[][]::new)));
    pair.passed(layer);
  }

  /** What the weights of all experts of a token come to, to what those that stay have. */
  private double share(int layer, boolean one) {
    if (one) {
      return stream.experts()[layer] / from.router().numExperts();
    }
    return from.router().normTopkProb() ? 1 : stream.experts()[layer] / stream.remaining()[layer];
  }

  /** Of all experts' neurons, numbered expert by expert, those that write most. */
  private int[] neurons(String at, int layer, int count) {
    double[] squares = pair.neurons(layer);
    double[][] writers = along(neurons(at, "down_proj", range(0, squares.length)));
    return greatest(squares.length, count, i -> squares[i] * dot(writers[i], writers[i]));
  }

  private int[] whole(int[] some) {
    int size = from.experts().intermediateSize();
    return Arrays.stream(some).flatMap(e -> Arrays.stream(range(e * size, size))).toArray();
  }

  /** What some neurons of the teacher's have in a matrix: what they read, or what they write. */
  private double[][] neurons(String at, String name, int[] neurons) {
    int size = from.experts().intermediateSize();
    double[][] rows = new double[neurons.length][];
    double[][] expert = {};
    for (int i = 0; i < rows.length; i++) {
      if (i == 0 || neurons[i] / size != neurons[i - 1] / size) {
        double[][] all = rows(teacher.expert(at + "mlp.experts.", neurons[i] / size, name));
        expert = name.equals("down_proj") ? transposed(all) : all;
      }
      rows[i] = expert[neurons[i] % size];
    }
    return rows;
  }

  /**
   * Writes a norm, whose weights go over to the matrices that read it, but for their size and for
   * what the stream's root mean square loses with its other directions.
   */
  private Place place(String name, int place) {
    float[] gains = new float[to.hiddenSize()];
    Arrays.fill(gains, 1);
    return place(name, place, gains);
  }

  /** The same, each feature times a gain that is not the matrices' to make up for. */
  private Place place(String name, int place, float[] gains) {
    float[] weights = teacher.values(name, width());
    double size = divided(weights);
    double[][] gram = stream.grams().get(place);
    double kept = Arrays.stream(directions).mapToDouble(d -> dot(d, times(gram, d))).sum();
    double share = Math.sqrt(kept / to.hiddenSize());
    float[] students = gains.clone();
    for (int i = 0; i < students.length; i++) {
      students[i] *= (float) (size * share);
    }
    put(name, students);
    return new Place(weights, 1 / share, pair.reading());
  }

  /** Divides a norm's weights by their root mean square, which it returns. */
  private static double divided(float[] weights) {
    double squares = 0;
    for (float weight : weights) {
      squares += (double) weight * weight / weights.length;
    }
    double size = Math.sqrt(squares);
    for (int i = 0; i < weights.length; i++) {
      weights[i] /= (float) size;
    }
    return size;
  }

  private double[][] readers(double[][] rows, Place place) {
    return readers(rows, place, 0);
  }

  /**
   * Rows that read the stream but for its first features, as near as they come to what the
   * teacher's read.
   */
  private double[][] readers(double[][] rows, Place place, int first) {
    int[] shown = shown(first);
    double[][] read = scaled(rows, place.norm);
    double[][] seen = transposed(columns(place.sums.cross(), shown));
    double[][] cross = new double[read.length][];
    for (int i = 0; i < cross.length; i++) {
      before.run();
      double[] row = read[i];
      cross[i] = Arrays.stream(seen).mapToDouble(s -> place.scale * dot(s, row)).toArray();
    }
    double[][] gram = columns(some(place.sums.gram(), shown), shown);
    return new LeastSquares(gram, cross).near(columns(along(read), shown), before);
  }

  private double[][] fitted(StreamPair.Sums sums, double[][] first) {
    return new LeastSquares(sums.gram(), sums.cross()).near(first, before);
  }

  /** Rows of the stream in its principal directions. */
  private double[][] along(double[][] rows) {
    return Arrays.stream(rows)
        .map(
            row -> {
              before.run();
              return Arrays.stream(directions).mapToDouble(d -> dot(d, row)).toArray();
            })
        .toArray(double[][]::new);
  }

  private void put(String name, double[][] rows) {
    add(name, rows);
    pair.set(name, flat(rows));
  }

  private void put(String name, float[] values) {
    writer.add(name, DType.F32, values, values.length);
    pair.set(name, values);
  }

  private void add(String name, double[][] rows) {
    writer.add(name, DType.F32, flat(rows), rows.length, rows[0].length);
  }

  private double[][] matrix(String name, int rows, int columns) {
    return matrix(teacher, name, rows, columns);
  }

  private static double[][] matrix(Checkpoint teacher, String name, int rows, int columns) {
    return rows(teacher.matrix(name, rows, columns));
  }

  private static double[][] rows(Matrix matrix) {
    float[] flat = new float[Math.multiplyExact(matrix.rows(), matrix.columns())];
    matrix.read(0, matrix.rows(), flat);
    double[][] rows = new double[matrix.rows()][matrix.columns()];
    for (int i = 0; i < flat.length; i++) {
      rows[i / matrix.columns()][i % matrix.columns()] = flat[i];
    }
    return rows;
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

  private static int[] range(int first, int count) {
    return IntStream.range(first, first + count).toArray();
  }

  private int[] shown(int first) {
    return range(first, to.hiddenSize() - first);
  }

  /** The teacher's head, times its last norm's weights, but for their size. */
  private static double[][] head(Checkpoint teacher) {
    int width = teacher.config().hiddenSize();
    return scaled(matrix(teacher, HEAD, teacher.config().vocabSize(), width), norm(teacher));
  }

  /** The weights of the teacher's last norm, but for their size. */
  private static float[] norm(Checkpoint teacher) {
    float[] norm = teacher.values(NORM, teacher.config().hiddenSize());
    double unused = divided(norm);
    return norm;
  }

  private int vocab() {
    return from.vocabSize();
  }

  private int width() {
    return from.hiddenSize();
  }
}
