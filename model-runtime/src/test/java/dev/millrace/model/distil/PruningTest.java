package dev.millrace.model.distil;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.Sequence;
import dev.millrace.model.config.MoeConfig;
import dev.millrace.model.config.MoeConfigs;
import dev.millrace.model.djl.DjlModels;
import dev.millrace.model.djl.Precision;
import dev.millrace.model.djl.StackedExperts;
import dev.millrace.model.djl.StreamHints;
import dev.millrace.model.djl.StudentTrainer;
import dev.millrace.model.text.Tokenizer;
import dev.millrace.model.text.Tokenizers;
import dev.millrace.model.weights.Checkpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PruningTest {

  private static final Path GOLDEN = Path.of("src/test/resources/golden/olmoe-tiny");
  private static final Path NANO = Path.of("..", "models", "nano");

  private static final String WEIGHTS = "model.safetensors";

  @TempDir Path folder;

  private static List<int[]> texts() {
    SplittableRandom random = new SplittableRandom(4);
    List<int[]> texts = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      texts.add(random.ints(40, 0, 320).toArray());
    }
    return texts;
  }

  private static float[] logProbs(Path base, int[] text) throws IOException {
    try (BaseModel model = DjlModels.open(base, Precision.FLOAT32)) {
      return model.score(List.of(new Sequence(text, model.noAdapter()))).get(0).logProbs();
    }
  }

  /** All of a model, in other coordinates, is the model. */
  @Test
  void write_everythingStays_saysWhatTheTeacherSays() throws IOException {
    MoeConfig config = MoeConfigs.read(GOLDEN.resolve("config.json"));
    Pruning.write(GOLDEN, config.pruned(4, 16, 32), texts(), folder, () -> {});
    int[] text = new SplittableRandom(9).ints(60, 0, 320).toArray();
    assertArrayEquals(logProbs(GOLDEN, text), logProbs(folder, text), 1e-3f);
  }

  /** Its head is its embedding: no matrix takes over the weights of its last norm. */
  @Test
  void write_everythingStaysOfATiedTeacher_saysWhatTheTeacherSays() throws IOException {
    Path teacher = TiedTeacher.write(GOLDEN, folder.resolve("teacher"), false);
    MoeConfig config = MoeConfigs.read(teacher.resolve("config.json"));
    Path out = folder.resolve("out");
    Pruning.write(teacher, config.pruned(4, 16, 32), texts(), out, () -> {});
    int[] text = new SplittableRandom(9).ints(60, 0, 320).toArray();
    assertArrayEquals(logProbs(teacher, text), logProbs(out, text), 1e-3f);
  }

  @Test
  void write_teacherOfStackedExperts_isTheSameStudent() throws IOException {
    Path stacked = folder.resolve("stacked");
    StackedExperts.write(GOLDEN, stacked);
    MoeConfig config = MoeConfigs.read(GOLDEN.resolve("config.json"));
    for (MoeConfig student : List.of(config.pruned(2, 4, 32), config.pruned(2, 1, 48))) {
      Path one = Files.createTempDirectory(folder, "one");
      Path other = Files.createTempDirectory(folder, "other");
      Pruning.write(GOLDEN, student, texts(), one, () -> {});
      Pruning.write(stacked, student, texts(), other, () -> {});
      assertEquals(-1, Files.mismatch(one.resolve(WEIGHTS), other.resolve(WEIGHTS)));
    }
  }

  /** Whole, a student has inside what its teacher has; of other experts it does not. */
  @Test
  void write_everythingStays_hasNothingToFollow() throws IOException {
    MoeConfig config = MoeConfigs.read(GOLDEN.resolve("config.json"));
    Pruning.Part part = Pruning.write(GOLDEN, config.pruned(4, 16, 32), texts(), folder, () -> {});
    assertEquals(0, apart(part.directions(), part.experts()), 1e-4);
    int[][] others = Arrays.stream(part.experts()).map(int[]::clone).toArray(int[][]::new);
    others[1][0] = part.experts()[1][1];
    others[1][1] = part.experts()[1][0];
    assertTrue(apart(part.directions(), others) > 1e-3);
    double[][] turned = part.directions().clone();
    turned[0] = part.directions()[1];
    turned[1] = part.directions()[0];
    assertTrue(apart(turned, part.experts()) > 1e-3);
  }

  private double apart(double[][] directions, int[][] experts) throws IOException {
    StudentTrainer.Objective objective = new StudentTrainer.Objective(1, 1, 1);
    try (StudentTrainer trainer = StudentTrainer.of(folder, objective, false)) {
      trainer.follow(new StreamHints(GOLDEN, directions, experts));
      StudentTrainer.Lesson lesson = new StudentTrainer.Lesson(texts(), List.of());
      return trainer.step(lesson, lesson, 0, 1).apart();
    }
  }

  @Test
  void write_notWantedAnyMore_endsBeforeTheNextPart() throws IOException {
    MoeConfig config = MoeConfigs.read(GOLDEN.resolve("config.json"));
    AtomicInteger parts = new AtomicInteger();
    Runnable before =
        () -> {
          if (parts.incrementAndGet() == 3) {
            throw new CancellationException("the task ends");
          }
        };
    assertThrows(
        CancellationException.class,
        () -> Pruning.write(GOLDEN, config.pruned(2, 3, 32), texts(), folder, before));
    assertEquals(3, parts.get());
    assertFalse(Files.exists(folder.resolve("model.safetensors")));
  }

  /** For which experts are used, and for what the stream looks like. */
  @Test
  void write_eachText_asksBeforeItTwiceWhetherToGoOn() throws IOException {
    assertEquals(2 * 3, asked(texts()) - asked(texts().subList(0, 5)));
  }

  private int asked(List<int[]> texts) throws IOException {
    MoeConfig config = MoeConfigs.read(GOLDEN.resolve("config.json"));
    AtomicInteger asked = new AtomicInteger();
    Pruning.write(GOLDEN, config.pruned(2, 3, 32), texts, folder, asked::incrementAndGet);
    return asked.get();
  }

  /** All experts' neurons in one that reads every token; each token used all of them before. */
  @Test
  void write_oneExpertOfAllNeurons_writesAsNearAsTheTextsAllow() throws IOException {
    MoeConfig config = MoeConfigs.read(GOLDEN.resolve("config.json"));
    Pruning.write(GOLDEN, config.pruned(4, 1, 32 * 16), texts(), folder.resolve("all"), () -> {});
    Pruning.write(GOLDEN, config.pruned(4, 1, 32), texts(), folder.resolve("few"), () -> {});
    int[] text = texts().get(3);
    float[] teacher = logProbs(GOLDEN, text);
    double all = distance(teacher, logProbs(folder.resolve("all"), text));
    double few = distance(teacher, logProbs(folder.resolve("few"), text));
    assertTrue(all < few, all + " and " + few);
  }

  private static double distance(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (a[i] - b[i]) * (a[i] - b[i]);
    }
    return Math.sqrt(sum / a.length);
  }

  @Test
  void write_lessOfEverything_hasTheShapeAndIsTheSameAgain() throws IOException {
    MoeConfig config = MoeConfigs.read(GOLDEN.resolve("config.json"));
    List<MoeConfig> parts =
        List.of(
            config.pruned(2, 3, 32),
            config.pruned(3, 1, 40),
            config.pruned(3, 1, 40).withTiedEmbeddings());
    for (MoeConfig part : parts) {
      Path one = folder.resolve("one" + parts.indexOf(part));
      Path two = folder.resolve("two" + parts.indexOf(part));
      Pruning.write(GOLDEN, part, texts(), one, () -> {});
      Pruning.write(GOLDEN, part, texts(), two, () -> {});
      try (Checkpoint checkpoint = Checkpoint.open(one)) {
        assertEquals(part, checkpoint.config());
      }
      assertArrayEquals(
          Files.readAllBytes(one.resolve("model.safetensors")),
          Files.readAllBytes(two.resolve("model.safetensors")));
    }
  }

  /** Before any training; an embedding alone, and all else drawn, finds one token of a hundred. */
  @Test
  void write_thirteenTimesLessOfNano_stillFindsAQuarterOfTheTokensThatNanoFinds()
      throws IOException {
    try (Tokenizer tokenizer = Tokenizers.open(NANO)) {
      Map<String, List<Exam.Text>> texts = new TreeMap<>();
      for (String line : Files.readAllLines(NANO.resolve("protected.jsonl"))) {
        String domain = line.split("\"", 5)[3];
        texts
            .computeIfAbsent(domain, d -> new ArrayList<>())
            .add(new Exam.Text("", tokenizer.encode(line), line.length()));
      }
      List<int[]> seen =
          Stream.of("java", "languages")
              .flatMap(domain -> texts.get(domain).subList(0, 24).stream())
              .map(Exam.Text::tokens)
              .toList();
      List<Exam.Text> asked = new ArrayList<>(texts.get("parliament").subList(0, 24));
      asked.addAll(texts.get("python").subList(0, 8));
      Exam exam = new Exam(List.copyOf(asked));
      MoeConfig config = MoeConfigs.read(NANO.resolve("config.json"));
      MoeConfig part = StudentShape.of(config, StudentShape.parameters(NANO), 13.5).shape();
      Pruning.write(NANO, part, seen, folder, () -> {});
      double teacher = accuracy(NANO, exam);
      double student = accuracy(folder, exam);
      assertTrue(student > 0.25 * teacher, student + " of " + teacher);
    }
  }

  private static double accuracy(Path base, Exam exam) throws IOException {
    try (BaseModel model = DjlModels.open(base, Precision.INT8)) {
      return exam.take(model, model.noAdapter()).accuracy();
    }
  }
}
