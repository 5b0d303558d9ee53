package dev.millrace.model.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.millrace.model.adapter.Site;
import dev.millrace.model.base.Generation;
import dev.millrace.model.base.LoadedAdapter;
import dev.millrace.model.base.Prompt;
import dev.millrace.model.peft.LoraWeights;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Many answers at once, under different adapters: each is bit for bit the one it is alone. */
class MixedBatchTest {

  private static DjlModel open(String golden, MatrixFormat format) throws IOException {
    return DjlModels.openAlone(Path.of("src/test/resources/golden").resolve(golden), format);
  }

  /** One that changes something everywhere, at all matrices but the experts', or at them alone. */
  private static LoraWeights adapter(DjlModel model, int rank, long seed) {
    Set<Site.Place> places =
        switch ((int) seed % 3) {
          case 0 -> Set.of(Site.Place.values());
          case 1 -> Set.of(Site.Place.LINEAR);
          default -> Set.of(Site.Place.EXPERTS);
        };
    return RandomAdapters.at(model.sites(), rank, seed, places);
  }

  private static int[] tokens(DjlModel model, int n, long seed) {
    return new SplittableRandom(seed).ints(n, 0, model.config().vocabSize()).toArray();
  }

  private static void assertEachAsAlone(DjlModel model, List<Prompt> prompts) {
    List<Generation> together = model.generate(prompts);
    for (int i = 0; i < prompts.size(); i++) {
      Generation alone = model.generate(List.of(prompts.get(i))).get(0);
      assertArrayEquals(alone.tokens(), together.get(i).tokens(), "answer " + i);
      assertArrayEquals(alone.logProbs(), together.get(i).logProbs(), "answer " + i);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "2, 1, INT8_IN_FP16",
    "8, 2, INT8_IN_FP16",
    "8, 3, INT8",
    "32, 1, INT8_IN_FP16",
    "32, 5, INT8",
    "32, 5, INT8_IN_FP16",
    "32, 32, INT8"
  })
  void generate_underSoManyAdapters_isEachAsAlone(int rows, int adapters, MatrixFormat format)
      throws IOException {
    List<LoadedAdapter> loaded = new ArrayList<>();
    try (DjlModel model = open("olmoe-tiny", format)) {
      for (int a = 0; a < adapters; a++) {
        loaded.add(model.load(adapter(model, a % 7 == 6 ? 3 : 4, a)));
      }
      List<Prompt> prompts = new ArrayList<>();
      for (int i = 0; i < rows; i++) {
        LoadedAdapter of =
            i % 4 == 3 && adapters < rows ? model.noAdapter() : loaded.get(i % adapters);
        prompts.add(new Prompt(tokens(model, 1 + i % 5, i), of, 4 + i % 3, 0, 0));
      }
      assertEachAsAlone(model, prompts);
      loaded.forEach(LoadedAdapter::close);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "olmoe-tiny, INT8",
    "olmoe-tiny, INT8_IN_FP16",
    "qwen3-moe-tiny, INT8",
    "qwen3-moe-tiny, INT8_IN_FP16",
    "deepseek-v3-tiny, INT8",
    "deepseek-v3-tiny, INT8_IN_FP16"
  })
  void generate_lengthsOfAllKinds_isEachAsAlone(String golden, MatrixFormat format)
      throws IOException {
    try (DjlModel model = open(golden, format);
        LoadedAdapter adapter = model.load(adapter(model, 4, 3))) {
      List<Prompt> prompts = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        LoadedAdapter of = i % 3 == 0 ? adapter : model.noAdapter();
        prompts.add(new Prompt(tokens(model, 1 + i % 4 * 15, i), of, 12 + i, i % 2, i));
      }
      assertEachAsAlone(model, prompts);
    }
  }

  @Test
  void adapters_ofTheRows_changeTheirAnswers() throws IOException {
    try (DjlModel model = open("olmoe-tiny", MatrixFormat.INT8);
        LoadedAdapter adapter = model.load(adapter(model, 4, 1))) {
      int[] prompt = tokens(model, 1, 5);
      List<Generation> both =
          model.generate(
              List.of(
                  new Prompt(prompt, adapter, 4, 0, 0),
                  new Prompt(prompt, model.noAdapter(), 4, 0, 0)));
      assertFalse(Arrays.equals(both.get(0).logProbs(), both.get(1).logProbs()));
    }
  }

  @Test
  void of_slotsAtRandom_coversEachRowOnceWithinItsOwnSlots() {
    SplittableRandom random = new SplittableRandom(4);
    for (int round = 0; round < 500; round++) {
      int rows = random.nextInt(12);
      int[] slots = new int[rows];
      int[] past = new int[rows];
      int next = 0;
      for (int i = 0; i < rows; i++) {
        slots[i] = next + 32 * random.nextInt(2);
        int total = 1 + random.nextInt(random.nextBoolean() ? 32 : 96);
        past[i] = random.nextInt(total);
        next = slots[i] + SlotPool.rounded(total);
      }
      assertArrayEquals(expanded(Runs.of(slots, past, 1 + round % 8)), each(slots, past));
    }
  }

  /** Slot and slots looked at of each row, by its run. */
  private static long[] expanded(long[] runs) {
    List<Long> rows = new ArrayList<>();
    for (int r = 0; r < runs.length; r += 4) {
      for (int i = 0; i < runs[r]; i++) {
        rows.add(runs[r + 1] + i * runs[r + 2]);
        rows.add(runs[r + 3]);
      }
    }
    return rows.stream().mapToLong(n -> n).toArray();
  }

  private static long[] each(int[] slots, int[] past) {
    return IntStream.range(0, slots.length)
        .flatMap(i -> IntStream.of(slots[i], SlotPool.rounded(past[i] + 1)))
        .asLongStream()
        .toArray();
  }

  @Test
  void of_rowsEquallyFarApart_isOneRun() {
    assertArrayEquals(
        new long[] {3, 32, 96, 64}, Runs.of(new int[] {32, 128, 224}, new int[] {40, 60, 32}, 8));
    assertEquals(8, Runs.of(new int[] {0, 64}, new int[] {31, 32}, 8).length);
  }
}
