package dev.millrace.model.djl;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDManager;
import dev.millrace.model.base.Likeliest;
import dev.millrace.model.base.TwoThreads;
import dev.millrace.model.config.MoeConfig;
import dev.millrace.model.program.Layout;
import dev.millrace.model.program.MatrixFormat;
import dev.millrace.model.program.ProgramSource;
import dev.millrace.model.weights.Checkpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Trains all weights of a student on what a teacher says and on the text itself: two micro-batches
 * at a time on two threads, summed in a fixed order, then one AdamW step.
 */
public final class StudentTrainer implements AutoCloseable {

  private static final float BALANCE = 0.01f;

  /** Losses, with the hints', and balance, before the gradients. */
  private static final int FIGURES = 2;

  /**
   * What is learned: {@code text · nll + (1 − text) · temperature² · KL(teacher ‖ student) + hints
   * · (1 − cos(stream, teacher's) + KL(teacher's router ‖ student's))}, the last a mean over
   * layers.
   *
   * @param text weight of the text's own tokens, 0 to 1
   * @param temperature that the logits of both are divided by
   * @param hints weight of what the teacher has inside, 0 or more; of a student that is a part of
   *     it
   */
  public record Objective(double text, double temperature, double hints) {

    public Objective {
      if (!(text >= 0 && text <= 1) || !(temperature > 0) || !(hints >= 0)) {
        throw new IllegalArgumentException(
            "text %s, temperature %s, hints %s, expected 0 to 1, more than 0, and 0 or more"
                .formatted(text, temperature, hints));
      }
    }

    /** Without hints. */
    public Objective(double text, double temperature) {
      this(text, temperature, 0);
    }

    /** A run finds its state by these words: without hints they are those of before there were. */
    @Override
    public String toString() {
      String last = hints == 0 ? "" : ", hints=" + hints;
      return "Objective[text=" + text + ", temperature=" + temperature + last + "]";
    }
  }

  /**
   * A micro-batch.
   *
   * @param rows (batch, time + 1) token ids, rows of any length
   * @param teacher what the teacher says of each row; empty where only the text is learned
   */
  public record Lesson(List<int[]> rows, List<Likeliest> teacher) {}

  /**
   * What one step saw, nats per token.
   *
   * @param loss of the text's own tokens
   * @param divergence of the student from the teacher, at the temperature
   * @param apart what the hints say is missing inside; 0 without any
   * @param gradientNorm before clipping
   */
  public record Step(double loss, double divergence, double apart, double gradientNorm) {

    /**
     * Refuses a step after which the weights are no numbers any more.
     *
     * @param number of the step
     * @throws IllegalStateException if a figure is not finite
     */
    public void requireFinite(long number) {
      if (!Double.isFinite(loss + divergence + apart + gradientNorm)) {
        throw new IllegalStateException(
            "loss %s, divergence %s, hints %s, gradient norm %s at step %d, expected finite numbers"
                .formatted(loss, divergence, apart, gradientNorm, number));
      }
    }
  }

  private final Objective objective;
  private final Program program;
  private final TrainedWeights weights;
  private final TwoThreads threads = new TwoThreads("a training step");
  private @Nullable StreamHints hints;

  private StudentTrainer(
      MoeConfig config, Objective objective, MatrixFormat format, InitialWeights weights) {
    this.objective = objective;
    Layout layout = new Layout(config);
    this.program = Program.compile(ProgramSource.student(config, layout, format));
    this.weights = new TrainedWeights(config, layout, program, weights);
  }

  /**
   * A trainer over freshly drawn weights.
   *
   * @param asServed products are of numbers that are rounded as in serving
   */
  public static StudentTrainer start(
      MoeConfig config, Objective objective, boolean asServed, long seed) {
    return new StudentTrainer(
        config, objective, format(config, asServed), InitialWeights.random(config, seed));
  }

  private static MatrixFormat format(MoeConfig config, boolean asServed) {
    return asServed ? MatrixFormat.int8(config) : MatrixFormat.FLOAT32;
  }

  /**
   * A trainer over the weights of a checkpoint.
   *
   * @param asServed products are of numbers that are rounded as in serving
   */
  public static StudentTrainer of(Path folder, Objective objective, boolean asServed)
      throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      return of(checkpoint, objective, format(checkpoint.config(), asServed));
    }
  }

  /** A trainer over the weights of a checkpoint that is to serve in a format. */
  static StudentTrainer of(Checkpoint checkpoint, Objective objective, MatrixFormat format) {
    MoeConfig config = checkpoint.config();
    ProgramWeights weights = new ProgramWeights(new Layout(config), checkpoint);
    return new StudentTrainer(config, objective, format, weights.values());
  }

  /** Sets the embedding: (vocab, width), row-major. */
  public void embed(float[] embedding) {
    weights.embed(embedding);
  }

  /** Sets who says what the student is to have inside; the trainer closes it. */
  public void follow(StreamHints teacher) {
    hints = teacher;
  }

  /**
   * One step.
   *
   * @param rate step size of AdamW
   * @param number counts steps from 1
   */
  public Step step(Lesson left, Lesson right, double rate, long number) {
    try (PtNDManager scope = program.scope()) {
      List<NDList> found =
          threads.run(List.of(() -> gradients(scope, left), () -> gradients(scope, right)));
      NDList g = found.get(0);
      NDList h = found.get(1);
      double[] a = g.get(0).toDoubleArray();
      double[] b = h.get(0).toDoubleArray();
      double norm =
          weights.step(scope, Program.arrays(g, FIGURES), Program.arrays(h, FIGURES), rate, number);
      return new Step((a[0] + b[0]) / 2, (a[1] + b[1]) / 2, (a[2] + b[2]) / 2, norm);
    }
  }

  /** A manager for the arrays of one call. */
  PtNDManager scope() {
    return program.scope();
  }

  /** Losses and balance, then the gradients of all that is trained. */
  NDList gradients(PtNDManager scope, Lesson lesson) {
    Texts texts = Texts.of(lesson.rows);
    int count = lesson.teacher.isEmpty() ? 0 : lesson.teacher.get(0).count();
    float[] how = {
      (float) objective.text, (float) objective.temperature, BALANCE, (float) objective.hints
    };
    Shape shape = new Shape(texts.starts().length, count);
    StreamHints.Said inside = hints == null ? StreamHints.none(scope) : hints.of(scope, texts);
    return program.train(
        scope,
        "student_gradients",
        Program.Argument.of("ids", scope.create(texts.starts())),
        Program.Argument.of("targets", scope.create(texts.targets())),
        Program.Argument.of("lens", scope.create(texts.lens())),
        Program.Argument.of("likely", scope.create(tokens(lesson.teacher), shape)),
        Program.Argument.of("logp", scope.create(logProbs(lesson.teacher), shape)),
        Program.Argument.of("streams", inside.streams()),
        Program.Argument.of("routers", inside.routers()),
        Program.Argument.of("how", scope.create(how)));
  }

  /** (predictions, count), flat. */
  static long[] tokens(List<Likeliest> teacher) {
    return teacher.stream()
        .flatMapToInt(row -> Arrays.stream(row.tokens()))
        .asLongStream()
        .toArray();
  }

  /** (predictions, count), flat. */
  static float[] logProbs(List<Likeliest> teacher) {
    float[] all = new float[teacher.stream().mapToInt(row -> row.logProbs().length).sum()];
    int at = 0;
    for (Likeliest row : teacher) {
      System.arraycopy(row.logProbs(), 0, all, at, row.logProbs().length);
      at += row.logProbs().length;
    }
    return all;
  }

  /** Weights and both moments, by name, for a file from which training can resume. */
  public List<BaseTrainer.NamedValues> state() {
    return weights.state();
  }

  /** Puts a state back that {@link #state()} gave. */
  public void restore(Function<String, float[]> values) {
    weights.restore(values);
  }

  /**
   * The weights under their HuggingFace names, the matrices as the integers that serve stand for
   * them.
   */
  public List<BaseTrainer.NamedValues> checkpoint() {
    return weights.checkpoint();
  }

  @Override
  public void close() {
    threads.close();
    weights.close();
    if (hints != null) {
      hints.close();
    }
  }
}
