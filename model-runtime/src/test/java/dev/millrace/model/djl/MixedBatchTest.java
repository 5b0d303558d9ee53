package dev.millrace.model.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.model.adapter.Site;
import dev.millrace.model.base.Decoding;
import dev.millrace.model.base.Drafts;
import dev.millrace.model.base.Generation;
import dev.millrace.model.base.LoadedAdapter;
import dev.millrace.model.base.Prompt;
import dev.millrace.model.base.Sampling;
import dev.millrace.model.base.Sequence;
import dev.millrace.model.base.TokenScores;
import dev.millrace.model.peft.LoraWeights;
import dev.millrace.model.program.MatrixFormat;
import dev.millrace.model.release.Routing;
import dev.millrace.model.weights.DType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Many answers at once, under different adapters: each is bit for bit the one it is alone. */
class MixedBatchTest {

  @TempDir Path folder;

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

  static List<TokenScores> assertEachScoredAsAlone(DjlModel model, List<Sequence> sequences) {
    List<TokenScores> together = model.score(sequences);
    for (int i = 0; i < sequences.size(); i++) {
      TokenScores alone = model.score(List.of(sequences.get(i))).get(0);
      assertArrayEquals(alone.logProbs(), together.get(i).logProbs());
    }
    return together;
  }

  static List<Generation> assertEachAsAlone(DjlModel model, List<Prompt> prompts) {
    List<Generation> together = model.generate(prompts);
    for (int i = 0; i < prompts.size(); i++) {
      Generation alone = model.generate(List.of(prompts.get(i))).get(0);
      assertArrayEquals(alone.tokens(), together.get(i).tokens(), "answer " + i);
      assertArrayEquals(alone.logProbs(), together.get(i).logProbs(), "answer " + i);
    }
    return together;
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

  @ParameterizedTest
  @CsvSource({"olmoe, false, INT8_IN_FP16", "olmoe, true, INT8", "qwen3_moe, true, INT8_IN_FP16"})
  void generate_underEntropyRouting_isEachAsAlone(
      String family, boolean normed, MatrixFormat format) throws IOException {
    String json =
        "{'model_type':'%s','vocab_size':97,'hidden_size':32,'max_position_embeddings':64,"
            + "'num_hidden_layers':3,'num_attention_heads':4,'num_key_value_heads':2,"
            + "'num_experts_per_tok':8,'num_experts':32,'intermediate_size':16,"
            + "'moe_intermediate_size':16,'rms_norm_eps':1e-5,'norm_topk_prob':%s}";
    RandomCheckpoint.write(folder, json.formatted(family, normed), DType.F32, 3);
    try (DjlModel model = DjlModels.openAlone(folder, format);
        LoadedAdapter wide = entropy(model, 4, 0.025);
        LoadedAdapter narrow = entropy(model, 3, 0.05)) {
      List<Prompt> prompts = new ArrayList<>();
      for (int i = 0; i < 24; i++) {
        LoadedAdapter of = i % 3 == 0 ? model.noAdapter() : i % 3 == 1 ? narrow : wide;
        prompts.add(new Prompt(tokens(model, 1 + i % 4 * 7, i), of, 8 + i % 5, 0, 0));
      }
      assertEachAsAlone(model, prompts);
    }
  }

  /** Of all 8 experts some are of a closed group; of 2, two more may follow from open groups. */
  @ParameterizedTest
  @CsvSource({
    "1, 1, 8, INT8_IN_FP16",
    "1, 1, 8, INT8",
    "2, 1, 8, INT8_IN_FP16",
    "2, 1, 8, INT8",
    "4, 2, 2, INT8_IN_FP16",
    "4, 2, 2, INT8"
  })
  void generate_besideEntropyRoutingOfDeepseek_isEachAsAlone(
      int groups, int open, int experts, MatrixFormat format) throws IOException {
    RandomCheckpoint.write(folder, deepseek(groups, open, experts, 32), DType.F32, 3);
    try (DjlModel model = DjlModels.openAlone(folder, format);
        LoadedAdapter routed = entropy(model, 4, 0.05)) {
      assertTwelveAsAlone(model, routed);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = MatrixFormat.class,
      names = {"INT8", "INT8_IN_FP16"})
  void generate_feedForwardOfOddWidthBesideAnAdapter_isEachAsAlone(MatrixFormat format)
      throws IOException {
    RandomCheckpoint.write(folder, deepseek(1, 1, 8, 20), DType.F32, 3);
    try (DjlModel model = DjlModels.openAlone(folder, format);
        LoadedAdapter adapter = model.load(adapter(model, 4, 3))) {
      assertTwelveAsAlone(model, adapter);
    }
  }

  /** Every third answer is under the adapter. */
  private static void assertTwelveAsAlone(DjlModel model, LoadedAdapter adapter) {
    List<Prompt> prompts = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      LoadedAdapter of = i % 3 == 2 ? adapter : model.noAdapter();
      prompts.add(new Prompt(tokens(model, 1 + i % 4 * 7, i), of, 8 + i % 5, 0, 0));
    }
    assertEachAsAlone(model, prompts);
  }

  /** Of 8 experts, so many a token. */
  private static String deepseek(int groups, int open, int experts, int width) {
    String json =
        "{'model_type':'deepseek_v3','vocab_size':97,'hidden_size':32,"
            + "'max_position_embeddings':64,'num_hidden_layers':3,'num_attention_heads':4,"
            + "'num_key_value_heads':4,'n_routed_experts':8,'num_experts_per_tok':%d,"
            + "'n_group':%d,'topk_group':%d,'moe_intermediate_size':%d,'intermediate_size':%d,"
            + "'first_k_dense_replace':1,'q_lora_rank':null,'kv_lora_rank':12,"
            + "'qk_nope_head_dim':10,'qk_rope_head_dim':8,'v_head_dim':6,'n_shared_experts':1}";
    return json.formatted(experts, groups, open, width, width);
  }

  private static LoadedAdapter entropy(DjlModel model, int rank, double threshold) {
    return model
        .under(Routing.entropy(model.config(), 0.25, threshold))
        .load(adapter(model, rank, rank));
  }

  @ParameterizedTest
  @ValueSource(strings = {"olmoe-tiny", "qwen3-moe-tiny", "deepseek-v3-tiny"})
  void step_thatGuesses_givesEachTokenAsWithout(String golden) throws IOException {
    try (DjlModel model = open(golden, MatrixFormat.INT8_IN_FP16);
        LoadedAdapter adapter = model.load(adapter(model, 4, 3))) {
      for (int i = 0; i < 6; i++) {
        LoadedAdapter of = i % 3 == 0 ? model.noAdapter() : adapter;
        Sampling sampling = new Sampling(i % 2 * 0.8, 0, 1, i);
        Prompt prompt = new Prompt(tokens(model, 1 + 5 * i, i), of, 60, sampling);
        try (Decoding plain = model.decoding(128, p -> Drafter.NONE);
            Decoding looking = model.decoding(128)) {
          List<Decoding.Token> answer = read(plain, prompt);
          assertEquals(Drafts.NONE, plain.drafts());
          assertEquals(answer, read(looking, prompt), "answer " + i);
          assertGuessedAs(answer, model, prompt);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"olmoe-tiny", "qwen3-moe-tiny", "deepseek-v3-tiny"})
  void step_thatGuessesBesideOthers_givesEachTokenAsWithout(String golden) throws IOException {
    try (DjlModel model = open(golden, MatrixFormat.INT8_IN_FP16);
        LoadedAdapter adapter = model.load(adapter(model, 4, 3))) {
      Map<Prompt, List<Decoding.Token>> answers = new LinkedHashMap<>();
      for (int i = 0; i < 6; i++) {
        LoadedAdapter of = i % 3 == 0 ? model.noAdapter() : adapter;
        Sampling sampling = new Sampling(i % 2 * 0.8, 0, 1, i);
        Prompt prompt = new Prompt(tokens(model, 1 + 5 * i, i), of, 30 + i, sampling);
        try (Decoding plain = model.decoding(128, p -> Drafter.NONE)) {
          answers.put(prompt, read(plain, prompt));
        }
      }
      List<List<Decoding.Token>> read = new ArrayList<>();
      try (Decoding guessing = model.decoding(1024, p -> new Knowing(answers.get(p)))) {
        for (Prompt prompt : answers.keySet()) {
          assertTrue(guessing.admit(read.size(), prompt));
          read.add(new ArrayList<>());
        }
        while (guessing.running() > 0) {
          for (Decoding.Token token : guessing.step()) {
            read.get((int) token.id())
                .add(new Decoding.Token(0, token.token(), token.logProb(), token.last()));
          }
        }
        assertTrue(guessing.drafts().accepted() > 60, () -> guessing.drafts().toString());
      }
      assertEquals(List.copyOf(answers.values()), read);
    }
  }

  private static void assertGuessedAs(List<Decoding.Token> answer, DjlModel model, Prompt prompt) {
    try (Decoding guessing = model.decoding(128, p -> new Knowing(answer))) {
      assertEquals(answer, read(guessing, prompt));
      assertTrue(guessing.drafts().accepted() > 20, () -> guessing.drafts().toString());
      assertTrue(guessing.drafts().drafted() > 30 + guessing.drafts().accepted());
    }
  }

  private static List<Decoding.Token> read(Decoding decoding, Prompt prompt) {
    List<Decoding.Token> answer = new ArrayList<>();
    assertTrue(decoding.admit(0, prompt));
    while (decoding.running() > 0) {
      answer.addAll(decoding.step());
    }
    return answer;
  }

  /** Guesses the tokens of an answer, now and then another one among them. */
  static final class Knowing implements Drafter {

    private final List<Decoding.Token> answer;
    private final SplittableRandom random = new SplittableRandom(8);
    private int at;

    Knowing(List<Decoding.Token> answer) {
      this.answer = answer;
    }

    @Override
    public int[] draft() {
      int[] draft = new int[Math.min(random.nextInt(16), answer.size() - at - 1)];
      Arrays.setAll(draft, i -> answer.get(at + i).token() ^ (random.nextInt(4) == 0 ? 1 : 0));
      return draft;
    }

    @Override
    public void add(int token) {
      at++;
    }

    @Override
    public void accept() {}
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
