package dev.millrace.model.distil;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.LoadedAdapter;
import dev.millrace.model.config.InvalidConfigException;
import dev.millrace.model.djl.DjlModels;
import dev.millrace.model.djl.Precision;
import dev.millrace.model.djl.StudentTrainer;
import dev.millrace.model.kinds.AdapterFolder;
import dev.millrace.model.release.Manifest;
import dev.millrace.model.release.Routing;
import dev.millrace.model.swap.FakeReleases;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConsolidationTest {

  private static final Path GOLDEN = Path.of("src/test/resources/golden/olmoe-tiny");
  private static final Path ADAPTER = GOLDEN.resolve("adapter");

  @TempDir Path folder;

  private static List<int[]> texts(int count, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    List<int[]> texts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      texts.add(random.ints(12 + random.nextInt(12), 0, 64).toArray());
    }
    return texts;
  }

  private static Consolidation consolidation(int steps, int texts) {
    return new Consolidation(
        GOLDEN,
        List.of(
            new Consolidation.Domain(ADAPTER, texts(texts, 1)),
            new Consolidation.Domain(null, texts(texts, 2))),
        new Consolidation.Plan(steps, 4, 2e-3, 16, new StudentTrainer.Objective(0, 1), 3));
  }

  private static String id(Path base) throws IOException {
    try (BaseModel model = DjlModels.open(base, Precision.INT8)) {
      return model.id();
    }
  }

  @Test
  void run_baseUnderAnAdapter_comesNearerToWhatItSaysAndIsAnotherBase() throws IOException {
    List<Double> divergences = new ArrayList<>();
    Path out = folder.resolve("out");
    consolidation(60, 40).run(out, (step, result) -> divergences.add(result.divergence()));
    double first = divergences.subList(0, 6).stream().mapToDouble(d -> d).average().orElseThrow();
    double last = divergences.subList(54, 60).stream().mapToDouble(d -> d).average().orElseThrow();
    assertTrue(last < 0.7 * first, first + " to " + last);
    assertNotEquals(id(GOLDEN), id(out), "no adapter of the old base loads on the new one");
  }

  @Test
  void run_twice_writesTheSameBytes() throws IOException {
    byte[][] weights = new byte[2][];
    for (int i = 0; i < 2; i++) {
      Path out = folder.resolve("out" + i);
      consolidation(3, 8).run(out, (step, result) -> {});
      weights[i] = Files.readAllBytes(out.resolve("model.safetensors"));
    }
    assertArrayEquals(weights[0], weights[1]);
  }

  private static Exam exam() {
    List<Exam.Text> texts = new ArrayList<>();
    texts(4, 5).forEach(tokens -> texts.add(new Exam.Text("cloud", tokens, tokens.length)));
    return new Exam(texts);
  }

  /** The folder of a release of the adapter. */
  private Path release(Routing routing) throws IOException {
    Path release = Files.createDirectory(folder.resolve("release"));
    for (String file : List.of(AdapterFolder.CONFIG, AdapterFolder.WEIGHTS)) {
      Files.copy(ADAPTER.resolve(file), release.resolve(file));
    }
    Manifest manifest = FakeReleases.manifest("b0", null, "cloud", 0, routing, new TreeMap<>());
    Files.write(release.resolve(Manifest.FILE), manifest.toBytes());
    return release;
  }

  @Test
  void judge_releaseWithARoutingOfItsOwn_isJudgedAsItServes() throws IOException {
    try (BaseModel model = DjlModels.open(GOLDEN, Precision.INT8)) {
      Routing one = Routing.fixed(model.config(), 1);
      double served;
      try (LoadedAdapter adapter =
          model.under(one).load(AdapterFolder.read(ADAPTER, model.sites()))) {
        served = exam().take(model, adapter).bitsPerByte();
      }
      var plain = Consolidation.judge(GOLDEN, GOLDEN, "cloud", ADAPTER, exam());
      assertNotEquals(served, plain.before(), "the routing counts");
      var judged = Consolidation.judge(GOLDEN, GOLDEN, "cloud", release(one), exam());
      assertEquals(served, judged.before());
    }
  }

  @Test
  void run_baseOfAFamilyThatIsNotWritten_saysSoBeforeItTrains() {
    Path qwen = Path.of("src/test/resources/golden/qwen3-moe-tiny");
    Consolidation consolidation =
        new Consolidation(
            qwen,
            List.of(new Consolidation.Domain(null, texts(8, 1))),
            new Consolidation.Plan(1, 4, 2e-3, 16, new StudentTrainer.Objective(0, 1), 3));
    Path out = folder.resolve("out");
    InvalidConfigException refused =
        assertThrows(
            InvalidConfigException.class,
            () -> consolidation.run(out, (step, result) -> fail("step " + step)));
    assertTrue(refused.getMessage().contains("expected olmoe"), refused.getMessage());
    assertFalse(Files.exists(out));
  }

  @Test
  void judge_theBaseItself_isNoRise() throws IOException {
    Exam exam = exam();
    assertEquals(0, Consolidation.judge(GOLDEN, GOLDEN, "cloud", null, exam).rise());
    Consolidation.Outcome adapted = Consolidation.judge(GOLDEN, GOLDEN, "cloud", ADAPTER, exam);
    assertNotEquals(adapted.before(), adapted.after());
  }

  @Test
  void judge_notWantedAnyMore_endsBeforeTheNextText() {
    Exam exam = exam();
    AtomicInteger texts = new AtomicInteger();
    Runnable before =
        () -> {
          if (texts.incrementAndGet() == exam.texts().size() + 2) {
            throw new CancellationException("the task ends");
          }
        };
    assertThrows(
        CancellationException.class,
        () -> Consolidation.judge(GOLDEN, GOLDEN, "cloud", null, exam, before));
    assertEquals(exam.texts().size() + 2, texts.get());
  }

  @Test
  void run_tooFewTexts_saysHowManyItWants() {
    IllegalArgumentException refused =
        assertThrows(
            IllegalArgumentException.class, () -> consolidation(3, 2).run(folder, (s, r) -> {}));
    assertEquals("4 texts to learn from, expected at least 8", refused.getMessage());
  }
}
