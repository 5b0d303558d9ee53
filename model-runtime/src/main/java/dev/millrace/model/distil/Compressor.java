package dev.millrace.model.distil;

import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.LoadedAdapter;
import dev.millrace.model.config.MoeConfig;
import dev.millrace.model.djl.DjlModels;
import dev.millrace.model.djl.Precision;
import dev.millrace.model.djl.StreamHints;
import dev.millrace.model.djl.StudentTrainer;
import dev.millrace.model.release.BaseRelease;
import dev.millrace.model.text.Tokenizers;
import dev.millrace.model.weights.Checkpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A teacher's folder to a student's. The student's has the teacher's tokenizer and texts beside its
 * own weights.
 *
 * @param teacher the checkpoint's folder
 * @param adapter the PEFT folder under which it teaches; null for the base alone
 * @param likeliest tokens that the teacher names at each place
 * @param targets folder that keeps what the teacher said
 */
public record Compressor(Path teacher, @Nullable Path adapter, int likeliest, Path targets) {

  /** Texts that tell what of the teacher matters. */
  private static final int LOOKED_AT = 64;

  /** Files of a base's folder that a student takes over where they are there. */
  private static final List<String> TAKEN_OVER =
      List.of(
          Tokenizers.FILE,
          "tokenizer_config.json",
          "anchors.jsonl",
          "protected.jsonl",
          "canaries.jsonl",
          BaseRelease.LEARNED);

  /** A student with so many times fewer parameters, embeddings included. */
  public Student student(double factor) throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(teacher)) {
      return StudentShape.of(checkpoint.config(), StudentShape.parameters(teacher), factor);
    }
  }

  /**
   * Trains a student, from the state in {@code work} where there is one.
   *
   * @param stream token ids of the training documents, end to end
   * @param out the student's folder
   * @throws IllegalArgumentException if that is the teacher's, the stream is too short, or there
   *     are to be hints for a student that is no part of its teacher, or from one under an adapter
   */
  public void run(
      MoeConfig student,
      Distillation.Plan plan,
      int[] stream,
      Path work,
      Path out,
      int saveEvery,
      Distillation.Listener listener)
      throws IOException {
    if (Files.exists(out) && Files.isSameFile(teacher, out)) {
      throw new IllegalArgumentException(out + " is the teacher's folder, expected another");
    }
    if (stream.length < 2 * plan.time()) {
      throw new IllegalArgumentException(
          "%d tokens to learn from, expected %d or more".formatted(stream.length, 2 * plan.time()));
    }
    if (plan.objective().hints() > 0 && (plan.begins() != Beginning.CUT || adapter != null)) {
      throw new IllegalArgumentException(
          "hints %s, expected 0: %s"
              .formatted(
                  plan.objective().hints(),
                  adapter == null
                      ? "the student is no part of its teacher"
                      : "they are of the base without its adapter"));
    }
    Files.createDirectories(out);
    takeOver(teacher, out);
    try (BaseModel base = DjlModels.open(teacher, Precision.INT8, listener::cuts);
        LoadedAdapter loaded = load(base);
        StudentTrainer trainer = begin(student, plan, stream, work.resolve("cut"), listener)) {
      Teacher asked =
          new Teacher(
              base, loaded, Teacher.name(adapter), likeliest, plan.objective().temperature());
      new Distillation(student, plan, stream, work)
          .run(trainer, asked, targets, saveEvery, out, listener);
    }
  }

  private StudentTrainer begin(
      MoeConfig student,
      Distillation.Plan plan,
      int[] stream,
      Path cut,
      Distillation.Listener listener)
      throws IOException {
    if (plan.begins() == Beginning.CUT) {
      Pruning.Part part =
          Pruning.write(teacher, student, some(stream, plan.time()), cut, listener::cuts);
      StudentTrainer trainer = StudentTrainer.of(cut, plan.objective(), plan.asServed());
      if (plan.objective().hints() > 0) {
        trainer.follow(new StreamHints(teacher, part.directions(), part.experts()));
      }
      return trainer;
    }
    float @Nullable []
        hint = // before there is anything to close: it takes long, and may be cancelled
        plan.begins() == Beginning.HINTED
                ? EmbeddingHint.of(teacher, student.hiddenSize(), listener::cuts)
                : null;
    StudentTrainer trainer =
        StudentTrainer.start(student, plan.objective(), plan.asServed(), plan.seed());
    if (hint != null) {
      trainer.embed(hint);
    }
    return trainer;
  }

  /** Evenly from all of a stream. */
  private static List<int[]> some(int[] stream, int time) {
    List<int[]> texts = new ArrayList<>();
    for (int i = 0; i < LOOKED_AT; i++) {
      int at = (int) ((long) i * (stream.length - time) / LOOKED_AT);
      texts.add(Arrays.copyOfRange(stream, at, at + time));
    }
    return texts;
  }

  /** Copies what lies beside a base's weights. */
  static void takeOver(Path base, Path out) throws IOException {
    for (String name : TAKEN_OVER) {
      if (Files.exists(base.resolve(name))) {
        Files.copy(base.resolve(name), out.resolve(name), StandardCopyOption.REPLACE_EXISTING);
      }
    }
  }

  /** The teacher as it serves, for an exam; the caller closes it. */
  public LoadedAdapter load(BaseModel base) throws IOException {
    return Teacher.load(base, adapter);
  }
}
