package dev.millrace.model.distil;

import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.Likeliest;
import dev.millrace.model.base.LoadedAdapter;
import dev.millrace.model.base.Sequence;
import dev.millrace.model.config.MoeConfigs;
import dev.millrace.model.djl.DjlModels;
import dev.millrace.model.djl.Precision;
import dev.millrace.model.djl.StudentTrainer;
import dev.millrace.model.weights.DType;
import dev.millrace.model.weights.SafetensorsWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * Folds adapters into their base by distillation: a student that begins as the base learns, on each
 * domain's texts, what the base says there under the domain's adapter. It trains as it will serve,
 * so nothing is merged into rounded weights.
 */
public record Consolidation(Path base, List<Domain> domains, Plan plan) {

  private static final String CONFIG = "config.json";

  /** Texts that the teacher is asked for at a time. */
  private static final int CALL = 8;

  /**
   * What is learned of a domain.
   *
   * @param adapter the PEFT folder under which the base teaches; null for the base alone, on what
   *     it must go on saying
   * @param texts 2 tokens or more each
   */
  public record Domain(@Nullable Path adapter, List<int[]> texts) {}

  /**
   * The recipe.
   *
   * @param steps how many
   * @param rows texts a micro-batch; a step takes two
   * @param peak of the learning rate, which rises over a tenth of the steps and falls to zero
   * @param likeliest tokens that the teacher names at each place
   * @param seed of the order
   */
  public record Plan(
      int steps,
      int rows,
      double peak,
      int likeliest,
      StudentTrainer.Objective objective,
      long seed) {

    double rate(int step) {
      double warm = Math.max(1, steps / 10.0);
      return peak
          * Math.min(step < warm ? step / warm : 1, (steps + 1 - step) / (steps + 1 - warm));
    }
  }

  /**
   * How a domain fares.
   *
   * @param before bits per byte of the base, under the domain's adapter if it has one
   * @param after bits per byte of the new base alone
   */
  public record Outcome(String domain, double before, double after) {

    /** How much more the new base needs, relative. */
    public double rise() {
      return after / before - 1;
    }
  }

  /** Who hears of each step. */
  public interface Listener {
    void stepped(int step, StudentTrainer.Step result);
  }

  private record Taught(int[] text, Likeliest said) {}

  /**
   * Trains, and writes the new base.
   *
   * @param out its folder, with the base's tokenizer and texts beside it
   * @throws dev.millrace.model.config.InvalidConfigException if the base is of a family that is not
   *     written here
   * @throws IllegalStateException if a loss or a gradient is not finite
   */
  public void run(Path out, Listener listener) throws IOException {
    byte[] config = MoeConfigs.toBytes(MoeConfigs.read(base.resolve(CONFIG)), "float32");
    List<Taught> taught = new ArrayList<>();
    try (BaseModel teacher = DjlModels.open(base, Precision.INT8)) {
      for (Domain domain : domains) {
        ask(teacher, domain, taught);
      }
    }
    if (taught.size() < 2 * plan.rows) {
      throw new IllegalArgumentException(
          "%d texts to learn from, expected at least %d".formatted(taught.size(), 2 * plan.rows));
    }
    try (StudentTrainer trainer = StudentTrainer.of(base, plan.objective, true)) {
      List<Taught> order = new ArrayList<>();
      Random random = new Random(plan.seed);
      for (int step = 1; step <= plan.steps; step++) {
        if (order.size() < 2 * plan.rows) {
          order = new ArrayList<>(taught);
          Collections.shuffle(order, random);
        }
        StudentTrainer.Step result = trainer.step(take(order), take(order), plan.rate(step), step);
        listener.stepped(step, result);
        result.requireFinite(step);
      }
      write(trainer, config, out);
    }
  }

  private void ask(BaseModel teacher, Domain domain, List<Taught> taught) throws IOException {
    try (LoadedAdapter adapter = Teacher.load(teacher, domain.adapter)) {
      for (int from = 0; from < domain.texts.size(); from += CALL) {
        List<int[]> texts = domain.texts.subList(from, Math.min(domain.texts.size(), from + CALL));
        List<Likeliest> said =
            teacher.likeliest(
                texts.stream().map(text -> new Sequence(text, adapter)).toList(),
                plan.likeliest,
                plan.objective.temperature());
        for (int i = 0; i < texts.size(); i++) {
          taught.add(new Taught(texts.get(i), said.get(i)));
        }
      }
    }
  }

  private StudentTrainer.Lesson take(List<Taught> order) {
    List<Taught> next = order.subList(order.size() - plan.rows, order.size());
    StudentTrainer.Lesson lesson =
        new StudentTrainer.Lesson(
            next.stream().map(Taught::text).toList(), next.stream().map(Taught::said).toList());
    next.clear();
    return lesson;
  }

  /** In fp32: a reader then finds the very integers that were trained. */
  private void write(StudentTrainer trainer, byte[] config, Path out) throws IOException {
    Files.createDirectories(out);
    Compressor.takeOver(base, out);
    SafetensorsWriter writer = new SafetensorsWriter().metadata("format", "pt");
    trainer.checkpoint().forEach(t -> writer.add(t.name(), DType.F32, t.data(), t.shape()));
    writer.write(out.resolve("model.safetensors"));
    Files.write(out.resolve(CONFIG), config);
  }

  /** How each domain fares on the new base, on texts that taught nobody. */
  public static Outcome judge(Path base, Path now, String domain, @Nullable Path adapter, Exam exam)
      throws IOException {
    return judge(base, now, domain, adapter, exam, () -> {});
  }

  /**
   * The same.
   *
   * @param before is run for each matrix and before each text; what it throws ends the judging
   */
  public static Outcome judge(
      Path base, Path now, String domain, @Nullable Path adapter, Exam exam, Runnable before)
      throws IOException {
    double byBase;
    try (BaseModel model = DjlModels.open(base, Precision.INT8, before);
        LoadedAdapter loaded = Teacher.load(model, adapter)) {
      byBase = exam.take(model, loaded, before).bitsPerByte();
    }
    try (BaseModel model = DjlModels.open(now, Precision.INT8, before)) {
      double byNow = exam.take(model, model.noAdapter(), before).bitsPerByte();
      return new Outcome(domain, byBase, byNow);
    }
  }
}
