package dev.millrace.model.distil;

import dev.millrace.model.base.Likeliest;
import dev.millrace.model.config.MoeConfig;
import dev.millrace.model.config.MoeConfigs;
import dev.millrace.model.djl.StudentTrainer;
import dev.millrace.model.pretrain.Windows;
import dev.millrace.model.weights.DType;
import dev.millrace.model.weights.Digest;
import dev.millrace.model.weights.Safetensors;
import dev.millrace.model.weights.SafetensorsWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Trains a student on one stream of tokens. Step s sees the same windows whenever it runs, so a run
 * that stops resumes from its state file and goes the same way.
 */
public final class Distillation {

  private static final String STATE = "state.safetensors";

  /**
   * The recipe.
   *
   * @param steps how many steps in all
   * @param batch windows a micro-batch; a step takes two
   * @param time tokens a window
   * @param peak of the learning rate, which rises over the first steps and falls to zero
   * @param asServed whether products are of numbers that are rounded as in serving
   * @param begins what it begins as
   * @param seed of weights and order
   */
  public record Plan(
      int steps,
      int batch,
      int time,
      double peak,
      StudentTrainer.Objective objective,
      boolean asServed,
      Beginning begins,
      long seed) {

    /** Of the steps that a run is asked for. */
    public static final int STEP_TOKENS = 4_096;

    private static final int WARMUP = 100;

    private static final int MOST_TIME = 256;

    /** A part as wide as nano loses what it begins with at a higher rate. */
    private static final int WIDE = 192;

    public Plan {
      if (steps < 1 || batch < 1 || time < 1) {
        throw new IllegalArgumentException(
            "steps %d, batch %d, time %d, expected 1 or more".formatted(steps, batch, time));
      }
    }

    /**
     * Windows of 256 tokens, or of as many as have positions; of 256 there are 4,096 tokens a step,
     * and a narrow part takes four steps for as many.
     *
     * @param asked steps of {@link #STEP_TOKENS}
     * @throws IllegalArgumentException if that is more steps than can be counted
     */
    public static Plan of(
        int asked,
        StudentTrainer.Objective objective,
        boolean asServed,
        Student student,
        long seed) {
      boolean part = student.begins() == Beginning.CUT;
      boolean wide = student.shape().hiddenSize() >= WIDE;
      int batch = part && !wide ? 2 : 8;
      double peak = !part ? 6e-3 : wide ? 3e-3 : 4e-3;
      int time = Math.min(MOST_TIME, student.shape().maxPositionEmbeddings() - 1);
      long each = 2L * batch * time;
      long most = Math.min(Integer.MAX_VALUE, Integer.MAX_VALUE * each / STEP_TOKENS);
      if (asked > most) {
        throw new IllegalArgumentException(
            "%d steps of %d tokens, expected at most %d: this student takes %d tokens a step"
                .formatted(asked, STEP_TOKENS, most, each));
      }
      int steps = (int) (tokens(asked) / each);
      return new Plan(steps, batch, time, peak, objective, asServed, student.begins(), seed);
    }

    /** Tokens of as many steps as a run is asked for. */
    public static long tokens(int asked) {
      return (long) STEP_TOKENS * asked;
    }

    /** Two micro-batches. */
    public int tokensAStep() {
      return 2 * batch * time;
    }

    double rate(long step) {
      double warm = Math.min(WARMUP, steps / 10.0);
      return peak
          * Math.min(step < warm ? step / warm : 1, (steps + 1 - step) / (steps + 1 - warm));
    }

    boolean taught() {
      return objective.text() < 1;
    }
  }

  /** What a step did. */
  public record Progress(long step, StudentTrainer.Step result, double tokensPerSecond) {}

  /** Who hears how far a run is. */
  public interface Listener {

    /**
     * A matrix of the teacher's was loaded, or a part of the student's first weights is found next;
     * what this throws ends the run.
     */
    default void cuts() {}

    /** Windows that the teacher was asked for, of how many. */
    void asked(long windows, long of);

    void stepped(Progress progress);
  }

  private final MoeConfig student;
  private final Plan plan;
  private final Windows windows;
  private final Path work;
  private final String stream;

  /**
   * @param student the shape
   * @param stream token ids of the training documents, end to end
   * @param work folder of the state file
   */
  public Distillation(MoeConfig student, Plan plan, int[] stream, Path work) {
    this.student = student;
    this.plan = plan;
    this.windows = new Windows(stream, plan.batch, plan.time, plan.seed);
    this.work = work;
    this.stream = windows.digest();
  }

  /**
   * Runs to the plan's last step, from the state file where there is one.
   *
   * @param trainer of the student as it begins
   * @param teacher is asked only where the plan learns from one
   * @param targets folder that keeps what the teacher said, for this run and others
   * @param saveEvery steps between two state files
   * @param out the checkpoint folder: config.json and model.safetensors
   * @throws IllegalStateException if the state is of another plan, or a loss or a gradient is not
   *     finite
   */
  public void run(
      StudentTrainer trainer,
      Teacher teacher,
      Path targets,
      int saveEvery,
      Path out,
      Listener listener)
      throws IOException {
    if (saveEvery < 1) {
      throw new IllegalArgumentException("saveEvery " + saveEvery + ", expected 1 or more");
    }
    String lesson = lesson(teacher);
    try (SoftTargets said =
        SoftTargets.open(
            targets.resolve(lesson.substring(0, 16) + ".targets"),
            windows,
            plan.time,
            teacher.count())) {
      if (plan.taught()) {
        said.ask(teacher, 2L * plan.batch * plan.steps, listener::asked);
      }
      for (long step = resume(trainer, lesson) + 1; step <= plan.steps; step++) {
        long started = System.nanoTime();
        StudentTrainer.Step result =
            trainer.step(lesson(said, step, 0), lesson(said, step, 1), plan.rate(step), step);
        double seconds = (System.nanoTime() - started) / 1e9;
        listener.stepped(new Progress(step, result, plan.tokensAStep() / seconds));
        result.requireFinite(step);
        if (step % saveEvery == 0 || step == plan.steps) {
          save(trainer, step, lesson);
        }
      }
      writeCheckpoint(trainer, out);
    }
  }

  /** Names what the teacher is asked: who, what of which texts, in which order. */
  private String lesson(Teacher teacher) {
    String what =
        String.join(
            " ",
            teacher.base().id(),
            teacher.name(),
            Integer.toString(teacher.count()),
            Double.toString(teacher.temperature()),
            Integer.toString(plan.time),
            Long.toString(plan.seed),
            stream);
    return Digest.sha256(what.getBytes(StandardCharsets.UTF_8));
  }

  private StudentTrainer.Lesson lesson(SoftTargets said, long step, int half) throws IOException {
    List<int[]> rows = new ArrayList<>();
    List<Likeliest> teacher = new ArrayList<>();
    int[] places = windows.places(step);
    for (int i = half * plan.batch; i < (half + 1) * plan.batch; i++) {
      rows.add(windows.at(places[i]));
      if (plan.taught()) {
        teacher.add(said.at(places[i]));
      }
    }
    return new StudentTrainer.Lesson(rows, teacher);
  }

  private String recipe(String lesson) {
    return String.join(" ", plan.toString(), student.toString(), lesson);
  }

  private long resume(StudentTrainer trainer, String lesson) throws IOException {
    Path file = work.resolve(STATE);
    if (!Files.exists(file)) {
      return 0;
    }
    try (Safetensors state = Safetensors.open(file)) {
      if (!recipe(lesson).equals(state.metadata().get("recipe"))) {
        throw new IllegalStateException(
            file + " is of another run, expected that of " + plan + "; choose another folder");
      }
      trainer.restore(name -> state.tensor(name).floats());
      return Long.parseLong(state.metadata().get("step"));
    }
  }

  private void save(StudentTrainer trainer, long step, String lesson) throws IOException {
    SafetensorsWriter writer =
        new SafetensorsWriter()
            .metadata("step", Long.toString(step))
            .metadata("recipe", recipe(lesson));
    trainer.state().forEach(t -> writer.add(t.name(), DType.F32, t.data(), t.shape()));
    write(writer, work.resolve(STATE));
  }

  /** In fp32: a reader then finds the very integers that were trained. */
  private void writeCheckpoint(StudentTrainer trainer, Path out) throws IOException {
    SafetensorsWriter writer = new SafetensorsWriter().metadata("format", "pt");
    trainer.checkpoint().forEach(t -> writer.add(t.name(), DType.F32, t.data(), t.shape()));
    write(writer, out.resolve("model.safetensors"));
    MoeConfigs.write(student, "float32", out.resolve("config.json"));
  }

  private static void write(SafetensorsWriter writer, Path file) throws IOException {
    Files.createDirectories(file.toAbsolutePath().getParent());
    writer.write(file);
  }
}
