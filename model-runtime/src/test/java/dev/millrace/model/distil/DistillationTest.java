package dev.millrace.model.distil;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
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
import dev.millrace.model.weights.Checkpoint;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.LongConsumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DistillationTest {

  private static final Path GOLDEN = Path.of("src/test/resources/golden/olmoe-tiny");

  @TempDir Path folder;

  private static MoeConfig student() throws IOException {
    int vocabulary = MoeConfigs.read(GOLDEN.resolve("config.json")).vocabSize();
    return MoeConfig.olmoe(new MoeConfig.OlmoeShape(vocabulary, 32, 4, 2, 1, 4, 4, 64))
        .withTiedEmbeddings();
  }

  private static int[] stream() {
    return new SplittableRandom(1).ints(2_000, 0, 64).toArray();
  }

  private static Distillation.Plan plan(int steps, Beginning begins) {
    return plan(steps, begins, 0);
  }

  private static Distillation.Plan plan(int steps, Beginning begins, double hints) {
    var objective = new StudentTrainer.Objective(0.5, 1, hints);
    return new Distillation.Plan(steps, 2, 32, 1e-2, objective, true, begins, 3);
  }

  private final List<Long> asked = new ArrayList<>();

  private void run(int steps, String name, LongConsumer stepped) throws IOException {
    run(student(), plan(steps, Beginning.HINTED), name, stepped);
  }

  private void run(MoeConfig student, Distillation.Plan plan, String name, LongConsumer stepped)
      throws IOException {
    Path work = folder.resolve(name);
    new Compressor(GOLDEN, null, 4, folder.resolve("targets"))
        .run(
            student,
            plan,
            stream(),
            work,
            work.resolve("out"),
            3,
            new Distillation.Listener() {
              @Override
              public void asked(long windows, long of) {
                asked.add(windows);
              }

              @Override
              public void stepped(Distillation.Progress progress) {
                stepped.accept(progress.step());
              }
            });
  }

  private byte[] weights(String name) throws IOException {
    return Files.readAllBytes(folder.resolve(name).resolve("out/model.safetensors"));
  }

  private static void cutAt(long end, long step) {
    if (step == end) {
      throw new IllegalStateException("power cut");
    }
  }

  @Test
  void run_stoppedAndResumed_endsInTheSameBytes() throws IOException {
    run(8, "whole", step -> {});
    var cut =
        assertThrows(IllegalStateException.class, () -> run(8, "halves", step -> cutAt(5, step)));
    assertEquals("power cut", cut.getMessage());
    run(8, "halves", step -> assertTrue(step > 3));
    assertArrayEquals(weights("whole"), weights("halves"));
  }

  @Test
  void run_cutOutOfTheTeacher_stoppedAndResumed_endsInTheSameBytes() throws IOException {
    MoeConfig part = MoeConfigs.read(GOLDEN.resolve("config.json")).pruned(2, 5, 32);
    Distillation.Plan plan = plan(5, Beginning.CUT, 1);
    run(part, plan, "whole", step -> {});
    assertThrows(
        IllegalStateException.class, () -> run(part, plan, "halves", step -> cutAt(4, step)));
    run(part, plan, "halves", step -> assertTrue(step > 3));
    assertArrayEquals(weights("whole"), weights("halves"));
    run(part, plan(5, Beginning.CUT), "without", step -> {});
    assertFalse(Arrays.equals(weights("whole"), weights("without")), "hints teach");
  }

  @Test
  void run_hintsForAStudentThatIsNoPart_areRefused() {
    var refused =
        assertThrows(
            IllegalArgumentException.class,
            () -> run(student(), plan(1, Beginning.HINTED, 1), "hinted", step -> {}));
    assertTrue(refused.getMessage().contains("no part of its teacher"), refused.getMessage());
    assertFalse(Files.exists(folder.resolve("hinted")));
  }

  @Test
  void run_afterWhatTheTeacherSaidWasCutOff_asksForTheRestAlone() throws IOException {
    run(8, "whole", step -> {});
    Path said;
    try (Stream<Path> files = Files.list(folder.resolve("targets"))) {
      said = files.findFirst().orElseThrow();
    }
    try (FileChannel file = FileChannel.open(said, StandardOpenOption.WRITE)) {
      file.truncate(file.size() - 5);
    }
    asked.clear();
    run(8, "again", step -> {});
    assertEquals(List.of(32L), asked);
    assertArrayEquals(weights("whole"), weights("again"));
    asked.clear();
    run(8, "third", step -> {});
    assertEquals(List.of(), asked);
  }

  @Test
  void run_onTheStateOfAnotherPlan_isRefused() throws IOException {
    run(3, "one", step -> {});
    var refused = assertThrows(IllegalStateException.class, () -> run(6, "one", step -> {}));
    assertTrue(refused.getMessage().contains("another run"), refused.getMessage());
  }

  /** The norm of such an embedding overflows: the loss is a number, the gradient is none. */
  @Test
  void run_gradientThatIsNotFinite_endsTheRunBeforeAStateIsWritten() throws IOException {
    float[] embedding = new float[student().vocabSize() * student().hiddenSize()];
    SplittableRandom random = new SplittableRandom(2);
    for (int i = 0; i < embedding.length; i++) {
      embedding[i] = (float) (1e30 * random.nextGaussian());
    }
    Path work = folder.resolve("overflown");
    Distillation.Plan plan = plan(1, Beginning.DRAWN);
    try (BaseModel base = DjlModels.open(GOLDEN, Precision.INT8);
        StudentTrainer trainer = StudentTrainer.start(student(), plan.objective(), true, 3)) {
      trainer.embed(embedding);
      Distillation distillation = new Distillation(student(), plan, stream(), work);
      var broken =
          assertThrows(
              IllegalStateException.class,
              () ->
                  distillation.run(
                      trainer,
                      new Teacher(base, base.noAdapter(), "", 4, 1),
                      folder.resolve("targets"),
                      1,
                      work,
                      ignoring()));
      assertTrue(broken.getMessage().contains("gradient norm NaN"), broken.getMessage());
    }
    assertFalse(Files.exists(work));
  }

  @Test
  void run_numbersThatMakeNoRun_areRefusedAtOnce() throws IOException {
    Distillation.Plan plan = plan(1, Beginning.DRAWN);
    try (BaseModel base = DjlModels.open(GOLDEN, Precision.INT8);
        StudentTrainer trainer = StudentTrainer.start(student(), plan.objective(), true, 3)) {
      Path targets = folder.resolve("targets");
      Distillation distillation = new Distillation(student(), plan, stream(), folder);
      assertThrows(
          IllegalArgumentException.class,
          () ->
              distillation.run(
                  trainer,
                  new Teacher(base, base.noAdapter(), "", 4, 1),
                  targets,
                  0,
                  folder,
                  ignoring()));
      assertThrows(
          IllegalArgumentException.class, () -> new Teacher(base, base.noAdapter(), "", 0, 1));
      assertFalse(Files.exists(targets));
    }
  }

  static Distillation.Listener ignoring() {
    return new Distillation.Listener() {
      @Override
      public void asked(long windows, long of) {}

      @Override
      public void stepped(Distillation.Progress progress) {}
    };
  }

  private static MoeConfig nano() {
    return MoeConfig.olmoe(new MoeConfig.OlmoeShape(4_096, 192, 96, 4, 6, 32, 4, 512))
        .withEosTokenId(List.of(7));
  }

  @Test
  void tokens_ofMoreStepsThanAnIntHasTokens_areCounted() {
    assertEquals(1L << 31, Distillation.Plan.tokens(1 << 19));
  }

  @Test
  void plan_ofANarrowPart_readsAsManyTokensInSmallerSteps() {
    long all = StudentShape.parameters(nano());
    for (double factor : new double[] {2, 4, 8, 13.5, 20, 30}) {
      Student student = StudentShape.of(nano(), all, factor);
      Distillation.Plan plan =
          Distillation.Plan.of(10, new StudentTrainer.Objective(1, 1), true, student, 1);
      assertEquals(factor == 2 || factor == 30 ? 4_096 : 1_024, plan.tokensAStep());
      assertEquals(40_960, plan.steps() * plan.tokensAStep());
    }
  }

  @Test
  void plan_moreStepsThanCanBeCounted_saysHowManyItTakes() {
    Student narrow = StudentShape.of(nano(), StudentShape.parameters(nano()), 13.5);
    StudentTrainer.Objective objective = new StudentTrainer.Objective(1, 1);
    assertEquals(
        2_147_483_644, Distillation.Plan.of(536_870_911, objective, true, narrow, 1).steps());
    var refused =
        assertThrows(
            IllegalArgumentException.class,
            () -> Distillation.Plan.of(600_000_000, objective, true, narrow, 1));
    assertEquals(
        "600000000 steps of 4096 tokens, expected at most 536870911: this student takes 1024 tokens a step",
        refused.getMessage());
  }

  @Test
  void of_aFactor_isTheLargestWithinItAndAsManyAsItsFileHolds() throws IOException {
    run(1, "one", step -> {});
    assertEquals(
        StudentShape.parameters(student()),
        StudentShape.parameters(folder.resolve("one").resolve("out")));
    MoeConfig nano = nano();
    long all = StudentShape.parameters(nano);
    for (double factor : new double[] {2, 4, 8, 13.5, 20, 30}) {
      Student student = StudentShape.of(nano, all, factor);
      MoeConfig shape = student.shape();
      double found = all / (double) StudentShape.parameters(shape);
      assertTrue(found >= factor && found < 1.06 * factor, factor + ": " + found);
      assertEquals(0, shape.hiddenSize() % shape.attention().numAttentionHeads());
      assertEquals(factor > 20 ? Beginning.HINTED : Beginning.CUT, student.begins());
      assertEquals(factor > 8, shape.tieWordEmbeddings());
      assertEquals(nano.eosTokenId(), shape.eosTokenId());
    }
    assertThrows(IllegalArgumentException.class, () -> StudentShape.of(nano, all, 500));
    assertThrows(IllegalArgumentException.class, () -> StudentShape.of(nano, all, 1));
    MoeConfig other = MoeConfigs.read(GOLDEN.resolveSibling("qwen3-moe-tiny/config.json"));
    long parameters = StudentShape.parameters(GOLDEN.resolveSibling("qwen3-moe-tiny"));
    assertEquals(Beginning.HINTED, StudentShape.of(other, parameters, 1.5).begins());
  }

  /** Transformers 4 wrote both: of a small model a factor of 2 would be one of 1.5. */
  @Test
  void parameters_tableThatIsThereTwice_countsOnce() throws IOException {
    Path once = TiedTeacher.write(GOLDEN, folder.resolve("once"), false);
    Path twice = TiedTeacher.write(GOLDEN, folder.resolve("twice"), true);
    MoeConfig config = MoeConfigs.read(once.resolve("config.json"));
    assertEquals(StudentShape.parameters(config), StudentShape.parameters(once));
    assertEquals(StudentShape.parameters(config), StudentShape.parameters(twice));
  }

  @Test
  void checkpoint_ofAStudent_opensAndItsExamIsItsOwn() throws IOException {
    run(8, "whole", step -> {});
    Path out = folder.resolve("whole").resolve("out");
    try (Checkpoint checkpoint = Checkpoint.open(out);
        BaseModel model = DjlModels.open(out, Precision.INT8)) {
      assertEquals(student(), checkpoint.config());
      Exam exam = new Exam(List.of(new Exam.Text("a", new int[] {1, 2, 3, 4}, 9)));
      Exam.Marks marks = exam.take(model, model.noAdapter());
      assertEquals(marks.nll()[0] / Math.log(2) / 9, marks.bitsPerByte(), 1e-12);
      assertEquals(marks.right()[0] / 3.0, marks.accuracy(), 1e-12);
      assertEquals(1, exam.domainsTold(model, exam));
    }
  }
}
