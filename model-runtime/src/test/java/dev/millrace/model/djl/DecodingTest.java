package dev.millrace.model.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.pytorch.jni.JniUtils;
import dev.millrace.model.base.Decoding;
import dev.millrace.model.base.LoadedAdapter;
import dev.millrace.model.base.Prompt;
import dev.millrace.model.base.Sampling;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.function.ToDoubleFunction;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A running batch: whatever joins, leaves or is cancelled, each answer is the one it is alone. */
class DecodingTest {

  private static DjlModel model;

  @BeforeAll
  static void open() throws IOException {
    Path golden = Path.of("src/test/resources/golden/olmoe-tiny");
    model = DjlModels.openModel(golden, Precision.INT8);
  }

  @AfterAll
  static void close() {
    model.close();
  }

  private static Prompt prompt(int tokens, int more, Sampling sampling) {
    int[] ids = new SplittableRandom(tokens).ints(tokens, 0, 320).toArray();
    return new Prompt(ids, model.noAdapter(), more, sampling);
  }

  private static Sampling greedy() {
    return new Sampling(0, 0, 1, 0);
  }

  private static int[] alone(Prompt prompt) {
    return model.generate(List.of(prompt)).get(0).tokens();
  }

  @Test
  void step_promptsThatJoinAndLeave_answerAsAlone() {
    SplittableRandom random = new SplittableRandom(5);
    List<Prompt> prompts = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      Sampling sampling = new Sampling(i % 3 == 0 ? 0 : 0.9, i % 5, i % 2 == 0 ? 1 : 0.8, i);
      prompts.add(prompt(1 + random.nextInt(60), 1 + random.nextInt(20), sampling));
    }
    Map<Long, List<Integer>> answers = new HashMap<>();
    try (Decoding decoding = model.decoding(256)) {
      int next = 0;
      while (next < prompts.size() || decoding.running() > 0) {
        int joining = random.nextInt(3);
        for (int i = 0; i < joining && next < prompts.size(); i++) {
          next += decoding.admit(next, prompts.get(next)) ? 1 : 0;
        }
        decoding
            .step()
            .forEach(t -> answers.computeIfAbsent(t.id(), x -> new ArrayList<>()).add(t.token()));
      }
    }
    for (int i = 0; i < prompts.size(); i++) {
      int[] found = answers.get((long) i).stream().mapToInt(t -> t).toArray();
      assertArrayEquals(alone(prompts.get(i)), found, "prompt " + i);
    }
  }

  @Test
  void cancel_aRunningAnswer_freesItsRoomAtOnce() {
    try (Decoding decoding = model.decoding(128)) {
      assertTrue(decoding.admit(1, prompt(80, 20, greedy())));
      assertFalse(decoding.admit(2, prompt(80, 20, greedy())));
      decoding.step();
      decoding.cancel(1);
      assertEquals(0, decoding.running());
      assertTrue(decoding.admit(2, prompt(80, 20, greedy())));
    }
  }

  @Test
  void admit_whatNeverFits_saysWhatWould() {
    try (Decoding decoding = model.decoding(64)) {
      IllegalArgumentException e =
          assertThrows(
              IllegalArgumentException.class, () -> decoding.admit(1, prompt(80, 20, greedy())));
      assertTrue(e.getMessage().contains("at most 64"), e.getMessage());
    }
  }

  @Test
  void admit_adapterThatIsClosed_keepsNoSlot() {
    Prompt prompt = prompt(8, 50, greedy());
    LoadedAdapter closed = model.load(RandomAdapters.everywhere(model.sites(), 4, 1));
    closed.close();
    Prompt late = new Prompt(prompt.tokens(), closed, prompt.maxTokens(), greedy());
    try (Decoding decoding = model.decoding(64)) {
      assertThrows(IllegalStateException.class, () -> decoding.admit(1, late));
      assertTrue(decoding.admit(2, prompt));
    }
  }

  @Test
  void close_withAnswersRunning_releasesTheirAdapters() {
    Decoding decoding = model.decoding(64);
    assertTrue(decoding.admit(1, prompt(8, 8, greedy())));
    decoding.close();
    assertEquals(0, decoding.running());
  }

  /** The interpreter and libtorch's dispatcher are most of what a step of a program costs. */
  @Test
  void step_ofOneStream_isFewCallsOfLibtorch(@TempDir Path folder) throws IOException {
    Path trace = folder.resolve("trace.json");
    try (Decoding decoding = model.decoding(64, prompt -> Drafter.NONE, null)) {
      assertTrue(decoding.admit(1, prompt(4, 8, greedy())));
      decoding.step();
      JniUtils.startProfile(false, false, false);
      decoding.step();
      JniUtils.stopProfile(trace.toString());
    }
    Pattern call = Pattern.compile("\"name\": \"(aten|quantized)::");
    long calls = call.matcher(Files.readString(trace)).results().count();
    assertTrue(calls > 100 && calls < 600, calls + " calls, expected fewer than 600");
  }

  @Test
  void next_topK_drawsOnlyTheLikeliest() {
    float[] logProbs = {-1.5f, -0.5f, -4, -2.5f, -3};
    Sampler sampler = new Sampler(new Sampling(1.5, 2, 1, 3));
    TreeSet<Integer> drawn = new TreeSet<>();
    for (int i = 0; i < 500; i++) {
      drawn.add(sampler.next(logProbs, 0, 5));
    }
    assertEquals(new TreeSet<>(List.of(0, 1)), drawn);
  }

  @Test
  void next_topP_drawsTheFewestThatHoldIt() {
    float[] logProbs = logs(0.5, 0.05, 0.3, 0.15);
    Sampler sampler = new Sampler(new Sampling(1, 0, 0.75, 3));
    TreeSet<Integer> drawn = new TreeSet<>();
    for (int i = 0; i < 500; i++) {
      drawn.add(sampler.next(logProbs, 0, 4));
    }
    assertEquals(new TreeSet<>(List.of(0, 2)), drawn);
  }

  @Test
  void next_temperatureOne_drawsByProbability() {
    double[] p = {0.1, 0.6, 0.3};
    Sampler sampler = new Sampler(new Sampling(1, 0, 1, 11));
    int[] counts = new int[3];
    for (int i = 0; i < 20_000; i++) {
      counts[sampler.next(logs(p), 0, 3)]++;
    }
    for (int v = 0; v < 3; v++) {
      assertEquals(p[v], counts[v] / 20_000.0, 0.015);
    }
  }

  @Test
  void next_temperatureNearZero_drawsTheLikeliest() {
    float[] logProbs = logs(0.2, 0.3, 0.2, 0.15, 0.15);
    for (double temperature : new double[] {1e-3, 1e-9, Double.MIN_VALUE}) {
      for (Sampling sampling :
          List.of(
              new Sampling(temperature, 0, 1, 7),
              new Sampling(temperature, 3, 1, 7),
              new Sampling(temperature, 0, 0.9, 7))) {
        assertEquals(1, new Sampler(sampling).next(logProbs, 0, 5), sampling::toString);
      }
    }
  }

  @Test
  void next_anySampling_isAsByAFullSort() {
    SplittableRandom random = new SplittableRandom(12);
    for (int round = 0; round < 2_000; round++) {
      float[] logProbs = new float[1 + random.nextInt(200)];
      int levels = 1 + random.nextInt(400);
      for (int v = 0; v < logProbs.length; v++) {
        logProbs[v] = -random.nextInt(levels) / 32f;
      }
      Sampling sampling =
          new Sampling(
              random.nextDouble(0.1, 2),
              random.nextInt(2) * random.nextInt(1, 250),
              random.nextBoolean() ? 1 : random.nextDouble(0.05, 1),
              round);
      int token = new Sampler(sampling).next(logProbs, 0, logProbs.length);
      assertEquals(naive(sampling, logProbs), token, sampling::toString);
    }
  }

  private static int naive(Sampling sampling, float[] logProbs) {
    List<Integer> order =
        IntStream.range(0, logProbs.length)
            .boxed()
            .sorted(Comparator.comparing(v -> -logProbs[v]))
            .toList();
    int most = sampling.topK() == 0 ? order.size() : Math.min(sampling.topK(), order.size());
    ToDoubleFunction<List<Integer>> held =
        tokens ->
            tokens.stream()
                .mapToDouble(
                    v -> Math.exp((logProbs[v] - logProbs[order.get(0)]) / sampling.temperature()))
                .sum();
    double enough = sampling.topP() * held.applyAsDouble(order.subList(0, most));
    int n = 1;
    while (n < most && held.applyAsDouble(order.subList(0, n)) < enough) {
      n++;
    }
    boolean all = sampling.topK() == 0 && sampling.topP() == 1;
    List<Integer> kept = all ? order.stream().sorted().toList() : order.subList(0, n);
    double left = new SplittableRandom(sampling.seed()).nextDouble() * held.applyAsDouble(kept);
    int drawn = 0;
    while (drawn < kept.size() - 1 && held.applyAsDouble(kept.subList(0, drawn + 1)) <= left) {
      drawn++;
    }
    return kept.get(drawn);
  }

  private static float[] logs(double... p) {
    float[] logs = new float[p.length];
    IntStream.range(0, p.length).forEach(i -> logs[i] = (float) Math.log(p[i]));
    return logs;
  }

  @Test
  void take_andGiveAtRandom_neverOverlapsAndLosesNothing() {
    SplittableRandom random = new SplittableRandom(9);
    SlotPool pool = new SlotPool(1024);
    Map<Integer, Integer> taken = new HashMap<>();
    boolean[] used = new boolean[1024];
    for (int i = 0; i < 5_000; i++) {
      int tokens = 1 + random.nextInt(200);
      int at = pool.take(tokens);
      if (at >= 0) {
        for (int s = at; s < at + SlotPool.rounded(tokens); s++) {
          assertFalse(used[s], "slot " + s);
          used[s] = true;
        }
        taken.put(at, tokens);
      }
      if (!taken.isEmpty() && (at < 0 || random.nextInt(3) > 0)) {
        int slot = taken.keySet().iterator().next();
        int held = taken.remove(slot);
        Arrays.fill(used, slot, slot + SlotPool.rounded(held), false);
        pool.give(slot, held);
      }
    }
    taken.forEach(pool::give);
    assertEquals(0, pool.take(1024));
  }
}
