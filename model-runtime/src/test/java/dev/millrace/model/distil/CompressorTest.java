package dev.millrace.model.distil;

import static dev.millrace.model.distil.DistillationTest.ignoring;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.model.base.BaseModel;
import dev.millrace.model.config.MoeConfig;
import dev.millrace.model.config.MoeConfigs;
import dev.millrace.model.djl.DjlModels;
import dev.millrace.model.djl.Precision;
import dev.millrace.model.djl.StudentTrainer;
import dev.millrace.model.kinds.AdapterFolder;
import dev.millrace.model.release.BaseRelease;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CompressorTest {

  private static final Path GOLDEN = Path.of("src/test/resources/golden/olmoe-tiny");

  @TempDir Path folder;

  private final List<Long> asked = new ArrayList<>();

  @Test
  void run_streamOfLessThanTwoWindows_isRefusedBeforeAnythingIsWritten() {
    Path out = folder.resolve("out");
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> run(GOLDEN, null, folder.resolve("work"), out, 63));
    assertEquals("63 tokens to learn from, expected 64 or more", e.getMessage());
    assertFalse(Files.exists(out));
  }

  @Test
  void run_notWantedWhileTheTeacherIsOpened_ends() {
    MoeConfig.OlmoeShape shape = new MoeConfig.OlmoeShape(320, 32, 4, 2, 1, 4, 4, 64);
    StudentTrainer.Objective objective = new StudentTrainer.Objective(0.5, 1);
    Distillation.Plan plan =
        new Distillation.Plan(1, 2, 32, 1e-2, objective, true, Beginning.DRAWN, 3);
    Compressor compressor = new Compressor(GOLDEN, null, 4, folder.resolve("targets"));
    Path out = folder.resolve("out");
    Distillation.Listener ending =
        new Distillation.Listener() {
          @Override
          public void cuts() {
            throw new CancellationException("the task ends");
          }

          @Override
          public void asked(long windows, long of) {}

          @Override
          public void stepped(Distillation.Progress progress) {}
        };
    assertThrows(
        CancellationException.class,
        () ->
            compressor.run(
                MoeConfig.olmoe(shape),
                plan,
                new int[500],
                folder.resolve("work"),
                out,
                1,
                ending));
  }

  /** A window is what is read, and one token more. */
  @Test
  void run_teacherOfFewerPositionsThanAWindow_readsShorterOnes() throws IOException {
    Compressor compressor = new Compressor(GOLDEN, null, 4, folder.resolve("targets"));
    Student student = compressor.student(2);
    StudentTrainer.Objective objective = new StudentTrainer.Objective(0.5, 1);
    Distillation.Plan plan = Distillation.Plan.of(1, objective, true, student, 1);
    int[] stream = new SplittableRandom(1).ints(700, 0, 64).toArray();
    Path out = folder.resolve("out");
    compressor.run(student.shape(), plan, stream, folder.resolve("work"), out, 1, ignoring());
    try (BaseModel model = DjlModels.open(out, Precision.INT8)) {
      int[] text = Arrays.copyOf(stream, model.config().maxPositionEmbeddings());
      Exam exam = new Exam(List.of(new Exam.Text("a", text, 1)));
      assertTrue(exam.take(model, model.noAdapter()).bitsPerByte() > 0);
    }
  }

  private Path run(Path teacher, @Nullable Path adapter, String name) throws IOException {
    Path work = folder.resolve(name);
    run(teacher, adapter, work, work.resolve("out"));
    return work.resolve("out");
  }

  private void run(Path teacher, @Nullable Path adapter, Path work, Path out) throws IOException {
    run(teacher, adapter, work, out, 500);
  }

  private void run(Path teacher, @Nullable Path adapter, Path work, Path out, int tokens)
      throws IOException {
    asked.clear();
    MoeConfig base = MoeConfigs.read(GOLDEN.resolve("config.json"));
    MoeConfig student =
        MoeConfig.olmoe(new MoeConfig.OlmoeShape(base.vocabSize(), 32, 4, 2, 1, 4, 4, 64))
            .withTiedEmbeddings();
    Distillation.Plan plan =
        new Distillation.Plan(
            1, 2, 32, 1e-2, new StudentTrainer.Objective(0.5, 1), true, Beginning.HINTED, 3);
    int[] stream = new SplittableRandom(1).ints(tokens, 0, 64).toArray();
    new Compressor(teacher, adapter, 4, folder.resolve("targets"))
        .run(
            student,
            plan,
            stream,
            work,
            out,
            1,
            new Distillation.Listener() {
              @Override
              public void asked(long windows, long of) {
                asked.add(windows);
              }

              @Override
              public void stepped(Distillation.Progress progress) {}
            });
  }

  private static void copy(Path from, Path to, String... files) throws IOException {
    Files.createDirectories(to);
    for (String file : files) {
      Files.copy(from.resolve(file), to.resolve(file));
    }
  }

  @Test
  void run_sameAdapterWithAnotherAlpha_asksTheTeacherAnew() throws IOException {
    Path adapter = folder.resolve("adapter");
    copy(GOLDEN.resolve("adapter"), adapter, AdapterFolder.CONFIG, AdapterFolder.WEIGHTS);
    run(GOLDEN, adapter, "one");
    assertEquals(List.of(4L), asked);
    run(GOLDEN, adapter, "same");
    assertEquals(List.of(), asked, "it has said that");
    Path config = adapter.resolve(AdapterFolder.CONFIG);
    String changed = Files.readString(config).replace("\"lora_alpha\": 8", "\"lora_alpha\": 64");
    Files.writeString(config, changed);
    run(GOLDEN, adapter, "other");
    assertEquals(List.of(4L), asked);
  }

  @Test
  void run_teacherWithTextsBesideItsWeights_allAreTheStudentsToo() throws IOException {
    Path teacher = folder.resolve("teacher");
    copy(GOLDEN, teacher, "config.json", "model.safetensors");
    List<String> texts =
        List.of("anchors.jsonl", "protected.jsonl", "canaries.jsonl", BaseRelease.LEARNED);
    for (String text : texts) {
      Files.writeString(teacher.resolve(text), text);
    }
    Path out = run(teacher, null, "one");
    for (String text : texts) {
      assertEquals(text, Files.readString(out.resolve(text)));
    }
  }

  @Test
  void run_intoTheTeachersFolder_isRefusedAndTheTeacherStays() throws IOException {
    Path teacher = folder.resolve("teacher");
    copy(GOLDEN, teacher, "config.json", "model.safetensors");
    Path again = teacher.resolve("..").resolve("teacher");
    var refused =
        assertThrows(
            IllegalArgumentException.class,
            () -> run(teacher, null, folder.resolve("work"), again));
    assertTrue(refused.getMessage().contains("is the teacher's folder"), refused.getMessage());
    assertEquals(
        -1,
        Files.mismatch(GOLDEN.resolve("model.safetensors"), teacher.resolve("model.safetensors")));
  }
}
