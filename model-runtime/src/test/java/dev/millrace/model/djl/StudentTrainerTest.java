package dev.millrace.model.djl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDList;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.Likeliest;
import dev.millrace.model.base.Sequence;
import dev.millrace.model.config.MoeConfig;
import dev.millrace.model.config.MoeConfigs;
import dev.millrace.model.peft.LoraConfig;
import dev.millrace.model.peft.LoraWeights;
import dev.millrace.model.program.MatrixFormat;
import dev.millrace.model.weights.Checkpoint;
import dev.millrace.model.weights.DType;
import dev.millrace.model.weights.SafetensorsWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StudentTrainerTest {

  private static final int VOCABULARY = 48;

  private static final AdapterWeights NOTHING =
      new LoraWeights(new LoraConfig(1, 1, false, List.of()), List.of());

  @TempDir Path folder;

  private static MoeConfig config(int topK, boolean tied) {
    String json =
        """
        {'model_type': 'olmoe', 'vocab_size': 48, 'hidden_size': 32, 'intermediate_size': 8,
        'num_hidden_layers': 2, 'num_attention_heads': 2, 'num_key_value_heads': 2,
        'num_experts': 4, 'num_experts_per_tok': %d, 'max_position_embeddings': 64,
        'rms_norm_eps': 1e-5, 'tie_word_embeddings': %s}
        """
            .formatted(topK, tied)
            .replace('\'', '"');
    return MoeConfigs.parse(json.getBytes(StandardCharsets.UTF_8));
  }

  private static List<int[]> rows(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    return List.of(
        random.ints(17, 0, VOCABULARY).toArray(), random.ints(9, 0, VOCABULARY).toArray());
  }

  /** A teacher that draws its likeliest tokens; they hold three quarters of the probability. */
  private static List<Likeliest> teacher(List<int[]> rows, int count) {
    SplittableRandom random = new SplittableRandom(5);
    List<Likeliest> all = new ArrayList<>();
    for (int[] row : rows) {
      int n = row.length - 1;
      int[] tokens = new int[n * count];
      float[] logProbs = new float[n * count];
      for (int i = 0; i < tokens.length; i++) {
        tokens[i] = (random.nextInt(VOCABULARY / count) * count + i % count) % VOCABULARY;
        logProbs[i] = (float) Math.log(0.75 / count);
      }
      all.add(new Likeliest(count, tokens, logProbs));
    }
    return all;
  }

  private static StudentTrainer.Lesson lesson(long seed) {
    List<int[]> rows = rows(seed);
    return new StudentTrainer.Lesson(rows, teacher(rows, 4));
  }

  /** A student that has moved away from where it began. */
  private static StudentTrainer moved(
      MoeConfig config, StudentTrainer.Objective objective, boolean asServed) {
    StudentTrainer trainer = StudentTrainer.start(config, objective, asServed, 3);
    for (int step = 1; step <= 6; step++) {
      trainer.step(lesson(step), lesson(100 + step), 3e-2, step);
    }
    return trainer;
  }

  private Path written(StudentTrainer trainer, MoeConfig config) throws IOException {
    SafetensorsWriter writer = new SafetensorsWriter();
    trainer.checkpoint().forEach(t -> writer.add(t.name(), DType.F32, t.data(), t.shape()));
    Files.createDirectories(folder);
    writer.write(folder.resolve("model.safetensors"));
    MoeConfigs.write(config, "float32", folder.resolve("config.json"));
    return folder;
  }

  private static double[] losses(StudentTrainer trainer, StudentTrainer.Lesson lesson) {
    StudentTrainer.Step step = trainer.step(lesson, lesson, 0, 1_000);
    return new double[] {step.loss(), step.divergence(), step.apart()};
  }

  @Test
  void step_exact_lossesAreThoseOfTheLogitsInFloat64() throws IOException {
    MoeConfig config = config(4, true);
    StudentTrainer.Lesson lesson = lesson(50);
    try (StudentTrainer trainer = moved(config, new StudentTrainer.Objective(0.3, 2), false)) {
      double[] found = losses(trainer, lesson);
      // The file's matrices are rounded, the weights in training are not: 1 % apart.
      try (BaseModel model = DjlModels.open(written(trainer, config), Precision.FLOAT32)) {
        double[] expected = naive((DjlModel) model, lesson, 2);
        assertEquals(expected[0], found[0], 0.01 * expected[0]);
        assertEquals(expected[1], found[1], 0.02 * expected[1]);
      }
    }
  }

  /** Activations that only one of them rounds are 8e-6 apart here. */
  @Test
  void step_asServed_lossesAreThoseOfTheServedStudent() throws IOException {
    StudentTrainer.Objective objective = new StudentTrainer.Objective(0.3, 1);
    StudentTrainer.Lesson lesson = lesson(50);
    for (int topK : new int[] {4, 2}) {
      MoeConfig config = config(topK, topK == 4);
      try (StudentTrainer trainer = moved(config, objective, true);
          BaseModel model = DjlModels.open(written(trainer, config), Precision.INT8)) {
        assertEquals(nll(model, lesson), losses(trainer, lesson)[0], 3e-6);
      }
    }
    MatrixFormat ofMoreWeights = MatrixFormat.INT8;
    try (Checkpoint checkpoint = Checkpoint.open(folder);
        StudentTrainer trainer = StudentTrainer.of(checkpoint, objective, ofMoreWeights);
        BaseModel model = DjlModels.openAlone(folder, ofMoreWeights)) {
      assertEquals(nll(model, lesson), losses(trainer, lesson)[0], 3e-6);
    }
  }

  /** Mean over tokens. */
  private static double nll(BaseModel model, StudentTrainer.Lesson lesson) {
    double nll = 0;
    int tokens = 0;
    for (int[] row : lesson.rows()) {
      nll -= model.score(List.of(new Sequence(row, model.noAdapter()))).get(0).logProb();
      tokens += row.length - 1;
    }
    return nll / tokens;
  }

  /** Mean nll, and mean KL at a temperature of what the teacher names and of all else together. */
  private static double[] naive(DjlModel model, StudentTrainer.Lesson lesson, double temperature) {
    double nll = 0;
    double kl = 0;
    int places = 0;
    for (int r = 0; r < lesson.rows().size(); r++) {
      int[] row = lesson.rows().get(r);
      Likeliest said = lesson.teacher().get(r);
      float[] logits = model.logits(NOTHING, new int[][] {row});
      for (int i = 0; i + 1 < row.length; i++) {
        double[] at = new double[VOCABULARY];
        for (int v = 0; v < VOCABULARY; v++) {
          at[v] = logits[i * VOCABULARY + v];
        }
        nll -= at[row[i + 1]] - logSum(at, 1);
        double rest = 1;
        double others = 1;
        for (int k = 0; k < said.count(); k++) {
          double logP = said.logProbs()[i * said.count() + k];
          double logQ =
              at[said.tokens()[i * said.count() + k]] / temperature - logSum(at, temperature);
          kl += Math.exp(logP) * (logP - logQ);
          rest -= Math.exp(logP);
          others -= Math.exp(logQ);
        }
        kl += rest * Math.log(rest / others);
        places++;
      }
    }
    return new double[] {nll / places, kl / places};
  }

  private static double logSum(double[] logits, double temperature) {
    return Math.log(Arrays.stream(logits).map(z -> Math.exp(z / temperature)).sum());
  }

  /** Along the gradient of each tensor the objective rises as steeply as its norm says. */
  @Test
  void gradients_ofEveryTensor_areThoseOfTheObjective() {
    for (double temperature : new double[] {1, 2}) {
      StudentTrainer.Objective objective = new StudentTrainer.Objective(0.4, temperature);
      try (StudentTrainer trainer = moved(config(4, temperature == 2), objective, false)) {
        check(trainer, objective);
      }
    }
  }

  /** Experts of the teacher in another order, and its stream along rows that are no basis. */
  @Test
  void gradients_withHints_areThoseOfTheObjective() throws IOException {
    StudentTrainer.Objective objective = new StudentTrainer.Objective(0.4, 1, 3);
    MoeConfig config = config(4, true);
    try (StudentTrainer teacher = StudentTrainer.start(config, objective, false, 8);
        StudentTrainer trainer = moved(config, objective, false)) {
      double[][] directions = new double[32][];
      SplittableRandom random = new SplittableRandom(6);
      Arrays.setAll(directions, i -> random.doubles(32, -1, 1).toArray());
      int[][] experts = {{3, 1, 0, 2}, {0, 2, 1, 3}};
      trainer.follow(new StreamHints(written(teacher, config), directions, experts));
      check(trainer, objective);
    }
  }

  private static void check(StudentTrainer trainer, StudentTrainer.Objective objective) {
    StudentTrainer.Lesson lesson = lesson(50);
    List<BaseTrainer.NamedValues> state = trainer.state();
    List<float[]> gradients = gradients(trainer, lesson);
    for (int i = 0; i < gradients.size(); i++) {
      BaseTrainer.NamedValues tensor = state.get(3 * i);
      float[] g = gradients.get(i);
      double norm = norm(g);
      if (norm > 1e-4) {
        double rise = 0;
        for (int side = -1; side <= 1; side += 2) {
          float[] there = tensor.data().clone();
          for (int j = 0; j < there.length; j++) {
            there[j] += (float) (side * 5e-3 * g[j] / norm);
          }
          restore(trainer, state, tensor.name(), there);
          double[] losses = losses(trainer, lesson);
          double t = objective.temperature();
          rise +=
              side
                  * (objective.text() * losses[0]
                      + (1 - objective.text()) * t * t * losses[1]
                      + objective.hints() * losses[2]);
        }
        restore(trainer, state, tensor.name(), tensor.data());
        // fp32 losses of about 4 are known to 5e-7.
        assertEquals(norm, rise / 1e-2, 0.03 * norm + 2e-4, tensor.name());
      }
    }
  }

  private static void restore(
      StudentTrainer trainer, List<BaseTrainer.NamedValues> state, String name, float[] data) {
    trainer.restore(
        wanted ->
            wanted.equals(name)
                ? data
                : state.stream()
                    .filter(t -> t.name().equals(wanted))
                    .findFirst()
                    .orElseThrow()
                    .data());
  }

  private static List<float[]> gradients(StudentTrainer trainer, StudentTrainer.Lesson lesson) {
    try (PtNDManager scope = trainer.scope()) {
      NDList all = trainer.gradients(scope, lesson);
      return all.subList(2, all.size()).stream().map(a -> ((PtNDArray) a).toFloatArray()).toList();
    }
  }

  private static double norm(float[] values) {
    double sum = 0;
    for (float v : values) {
      sum += (double) v * v;
    }
    return Math.sqrt(sum);
  }

  @Test
  void step_taughtByALikeliestTokenThatIsCertain_isAsTheTextAlone() {
    List<int[]> rows = rows(7);
    List<Likeliest> sure = new ArrayList<>();
    for (int[] row : rows) {
      sure.add(new Likeliest(1, Arrays.copyOfRange(row, 1, row.length), new float[row.length - 1]));
    }
    try (StudentTrainer trainer =
        moved(config(2, true), new StudentTrainer.Objective(0.5, 1), false)) {
      double[] losses = losses(trainer, new StudentTrainer.Lesson(rows, sure));
      assertEquals(losses[0], losses[1], 1e-5);
    }
  }

  @Test
  void step_overAndOver_learnsWhatTheTeacherSays() {
    try (StudentTrainer trainer =
        StudentTrainer.start(config(4, true), new StudentTrainer.Objective(0, 1), true, 3)) {
      double first = losses(trainer, lesson(1))[1];
      for (int step = 1; step <= 60; step++) {
        trainer.step(lesson(1), lesson(2), 1e-2, step);
      }
      double last = losses(trainer, lesson(1))[1];
      assertTrue(last < 0.3 * first, first + " to " + last);
    }
  }

  /** Else a run that an earlier version began would be that of another. */
  @Test
  void objective_withoutHints_isNamedAsBeforeThereWereAny() {
    assertEquals(
        "Objective[text=0.1, temperature=2.0]", new StudentTrainer.Objective(0.1, 2).toString());
    assertEquals(
        "Objective[text=0.1, temperature=2.0, hints=1.0]",
        new StudentTrainer.Objective(0.1, 2, 1).toString());
  }

  @Test
  void objective_outOfRange_isRefused() {
    assertThrows(IllegalArgumentException.class, () -> new StudentTrainer.Objective(1.5, 1));
    assertThrows(IllegalArgumentException.class, () -> new StudentTrainer.Objective(0.5, 0));
    assertThrows(IllegalArgumentException.class, () -> new StudentTrainer.Objective(0.5, 1, -1));
  }
}
