package dev.millrace.model.djl;

import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import dev.millrace.model.config.MoeConfig;
import dev.millrace.model.program.Layout;
import dev.millrace.model.program.ProgramSource;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The residual streams of a teacher and of a student of the same depth on some texts, side by side,
 * while the student's weights are being found: each is set before the stream passes it. For each
 * layer in turn: {@link #reading}, {@link #attention}, {@link #attended}, {@link #reading}, {@link
 * #experts}, {@link #passed}; then {@link #reading}.
 */
public final class StreamPair implements AutoCloseable {

  /**
   * Sums over tokens.
   *
   * @param tokens how many
   * @param gram of the student's features: (features, features)
   * @param cross of what they are to give with them: (outputs, features)
   */
  public record Sums(int tokens, double[][] gram, double[][] cross) {}

  /** A text: its streams, (tokens, width) each, before a layer and where its weights are found. */
  private static final class Text {
    private final int tokens;
    private float[] teacherBefore;
    private float[] teacher;
    private float[] studentBefore;
    private float[] student;

    Text(int tokens, float[] teacher, float[] student) {
      this.tokens = tokens;
      this.teacherBefore = teacher;
      this.teacher = teacher;
      this.studentBefore = student;
      this.student = student;
    }
  }

  private final DjlModel model;
  private final Program teacher;
  private final Program student;
  private final PtNDManager manager;
  private final Layout layout;
  private final List<PtNDArray> vectors;
  private final List<PtNDArray> matrices;
  private final PtNDArray directions;
  private final int width;
  private final List<Text> texts = new ArrayList<>();

  /**
   * @param folder the teacher's, a checkpoint whose layers are all sparse
   * @param config the student's
   * @param directions (student's width, teacher's width), row-major: what the student's stream is
   *     to be of the teacher's
   * @param before is run for each of the teacher's matrices; what it throws ends the opening
   */
  public StreamPair(Path folder, MoeConfig config, float[] directions, Runnable before)
      throws IOException {
    this.layout = new Layout(config);
    this.width = config.hiddenSize();
    this.model = DjlModels.openModel(folder, Precision.FLOAT32, before);
    this.teacher = model.trains();
    this.student = Program.compile(ProgramSource.float32(config, layout));
    this.manager = student.scope();
    InitialWeights weights = InitialWeights.random(config, 1);
    this.vectors = Program.arrays(manager, weights.w());
    this.matrices = Program.arrays(manager, weights.m());
    this.directions = Program.array(manager, new Values(directions, width, from()));
    try (PtNDManager scope = student.scope()) {
      vectors.forEach(x -> student.train(scope, "vector", Program.Argument.of("x", x)));
      matrices.forEach(x -> student.train(scope, "matrix", Program.Argument.of("x", x)));
    }
  }

  private int from() {
    return model.config().hiddenSize();
  }

  /** Sets a tensor of the student's; those of experts are one, stacked. */
  public void set(String name, float[] values) {
    String module = name.replaceFirst("\\.weight$", "");
    PtNDArray array =
        layout.hasVector(module)
            ? vectors.get(layout.vector(module))
            : matrices.get(layout.matrix(name));
    array.set(FloatBuffer.wrap(values));
  }

  /**
   * Begins with some texts, once the student's embedding is set.
   *
   * @param ids token ids of each, 2 or more
   */
  public void begin(List<int[]> ids) {
    for (int[] text : ids) {
      long[] longs = Arrays.stream(text).asLongStream().toArray();
      texts.add(new Text(text.length, embedded(teacher, longs), embedded(student, longs)));
    }
  }

  private static float[] embedded(Program program, long[] ids) {
    try (PtNDManager scope = program.scope()) {
      return program.infer(scope, "embedded_alone", IValue.from((PtNDArray) scope.create(ids)))[0]
          .toFloatArray();
    }
  }

  /** Of the student's stream and of the teacher's with it, each divided by its root mean square. */
  public Sums reading() {
    Sums sums = sums(width, from());
    for (Text text : texts) {
      try (PtNDManager scope = student.scope()) {
        add(
            student.infer(
                scope,
                "reading_sums",
                stream(scope, text.student, width),
                stream(scope, text.teacher, from())),
            sums);
      }
    }
    return sums;
  }

  /**
   * Of what a layer's attention has for o_proj, and of what the stream lacks with it; all before
   * o_proj is set.
   */
  public Sums attention(int layer) {
    float[] identity = new float[width * width];
    for (int i = 0; i < width; i++) {
      identity[i * width + i] = 1;
    }
    set(Layout.at(layer, "self_attn.o_proj.weight"), identity);
    texts.forEach(text -> text.teacher = after(teacher, "attention", layer, text, true));
    return writing("attention_sums", layer, width);
  }

  /** Lets the student's stream pass a layer's attention. */
  public void attended(int layer) {
    texts.forEach(text -> text.student = after(student, "attention", layer, text, false));
  }

  /**
   * For each neuron of a layer of the teacher's, expert by expert, the sum over tokens of the
   * square of what it has inside, times the token's weight of its expert.
   */
  public double[] neurons(int layer) {
    double[] squares = new double[0];
    for (Text text : texts) {
      try (PtNDManager scope = teacher.scope()) {
        float[] some =
            teacher
                .infer(
                    scope,
                    "neuron_squares",
                    stream(scope, text.teacherBefore, from()),
                    IValue.listFrom((long) text.tokens),
                    IValue.from(layer))[0]
                .toFloatArray();
        squares = Arrays.copyOf(squares, some.length);
        for (int i = 0; i < some.length; i++) {
          squares[i] += some[i];
        }
      }
    }
    return squares;
  }

  /** Of what a layer's experts have inside, and of what the stream lacks with it. */
  public Sums experts(int layer, int features) {
    texts.forEach(text -> text.teacher = after(teacher, "experts", layer, text, true));
    return writing("expert_sums", layer, features);
  }

  /** Lets both streams pass a layer. */
  public void passed(int layer) {
    for (Text text : texts) {
      text.teacherBefore = text.teacher;
      text.student = after(student, "experts", layer, text, false);
      text.studentBefore = text.student;
    }
  }

  private float[] after(Program program, String what, int layer, Text text, boolean teachers) {
    try (PtNDManager scope = program.scope()) {
      return program
          .infer(
              scope,
              "after_" + what,
              teachers
                  ? stream(scope, text.teacherBefore, from())
                  : stream(scope, text.studentBefore, width),
              IValue.listFrom((long) text.tokens),
              IValue.from(layer))[0]
          .toFloatArray();
    }
  }

  private Sums writing(String method, int layer, int features) {
    Sums sums = sums(features, width);
    for (Text text : texts) {
      try (PtNDManager scope = student.scope()) {
        add(
            student.infer(
                scope,
                method,
                stream(scope, text.studentBefore, width),
                stream(scope, text.teacher, from()),
                IValue.from(directions),
                IValue.listFrom((long) text.tokens),
                IValue.from(layer)),
            sums);
      }
    }
    return sums;
  }

  private static IValue stream(PtNDManager scope, float[] values, int width) {
    Shape shape = new Shape(values.length / width, width);
    return IValue.from((PtNDArray) scope.create(values, shape));
  }

  private Sums sums(int features, int outputs) {
    int tokens = texts.stream().mapToInt(text -> text.tokens).sum();
    return new Sums(tokens, new double[features][features], new double[outputs][features]);
  }

  private static void add(PtNDArray[] some, Sums sums) {
    add(some[0].toFloatArray(), sums.gram);
    add(some[1].toFloatArray(), sums.cross);
  }

  private static void add(float[] some, double[][] sum) {
    int columns = sum[0].length;
    for (int i = 0; i < some.length; i++) {
      sum[i / columns][i % columns] += some[i];
    }
  }

  @Override
  public void close() {
    manager.close();
    student.close();
    model.close();
  }
}
