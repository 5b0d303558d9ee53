package dev.millrace.model.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.model.adapter.Site;
import dev.millrace.model.base.Decoding;
import dev.millrace.model.base.Drafts;
import dev.millrace.model.base.LoadedAdapter;
import dev.millrace.model.base.Prefix;
import dev.millrace.model.base.Prompt;
import dev.millrace.model.base.Sampling;
import dev.millrace.model.program.Layout;
import dev.millrace.model.program.MatrixFormat;
import dev.millrace.model.release.Routing;
import dev.millrace.model.simd.SimdBase;
import dev.millrace.model.weights.Checkpoint;
import dev.millrace.model.weights.DType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Answers without a program: those of the program, and each bit for bit as alone. */
class JavaStepTest {

  private static final String SHAPE =
      "'vocab_size':128,'hidden_size':64,'max_position_embeddings':512,'num_hidden_layers':3,"
          + "'num_attention_heads':4,'intermediate_size':32,'rms_norm_eps':1e-5,";
  private static final String OLMOE =
      "{'model_type':'olmoe'," + SHAPE + "'num_experts':16,'num_experts_per_tok':4}";
  private static final String CLIPPED =
      "{'model_type':'olmoe',"
          + SHAPE
          + "'num_experts':16,'num_experts_per_tok':3,'clip_qkv':0.7,'norm_topk_prob':true,"
          + "'num_key_value_heads':2,'tie_word_embeddings':true}";
  private static final String QWEN3 =
      "{'model_type':'qwen3_moe',"
          + SHAPE
          + "'num_experts':16,'num_experts_per_tok':4,'moe_intermediate_size':32,"
          + "'norm_topk_prob':true,'num_key_value_heads':2,'head_dim':32}";
  private static final String MIXTRAL =
      "{'model_type':'mixtral',"
          + SHAPE
          + "'num_local_experts':16,'num_experts_per_tok':2,'num_key_value_heads':2,"
          + "'sliding_window':40}";

  @TempDir Path folder;

  private final List<LoadedAdapter> adapters = new ArrayList<>();
  private DjlModel model;
  private SimdBase simd;
  private Drafts drafts = Drafts.NONE;

  private void open(String config) throws IOException {
    RandomCheckpoint.write(folder, config, DType.BF16, 5);
    model = DjlModels.openAlone(folder, MatrixFormat.INT8_IN_FP16);
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      assertTrue(SimdBase.canBe(checkpoint.config()));
      simd = new ProgramWeights(new Layout(checkpoint.config()), checkpoint).simd();
    }
    adapters.add(model.noAdapter());
    adapters.add(model.load(RandomAdapters.at(model.sites(), 4, 1, Set.of(Site.Place.values()))));
    adapters.add(
        model
            .under(Routing.entropy(model.config(), 0.25, 0.07))
            .load(RandomAdapters.at(model.sites(), 3, 2, Set.of(Site.Place.EXPERTS))));
  }

  @AfterEach
  void close() {
    adapters.forEach(LoadedAdapter::close);
    model.close();
  }

  /** Answers to prompts, which join when there is room. */
  private List<List<Decoding.Token>> answers(
      List<Prompt> prompts, Function<Prompt, Drafter> guessing, SimdBase base) {
    List<List<Decoding.Token>> answers = new ArrayList<>();
    int joined = 0;
    try (Decoding decoding = model.decoding(1024, guessing, base)) {
      while (joined < prompts.size() || decoding.running() > 0) {
        if (joined < prompts.size() && decoding.admit(joined, prompts.get(joined))) {
          answers.add(new ArrayList<>());
          joined++;
        }
        for (Decoding.Token t : decoding.step()) {
          answers.get((int) t.id()).add(new Decoding.Token(0, t.token(), t.logProb(), t.last()));
        }
      }
      drafts = decoding.drafts();
    }
    return answers;
  }

  private List<Prompt> prompts(int n, double temperature) {
    SplittableRandom random = new SplittableRandom(7);
    List<Prompt> prompts = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      int[] tokens = random.ints(i == 4 ? 300 : 1 + i % 4 * 13, 0, 128).toArray();
      float[] rows = new float[i % 3 * 64];
      for (int j = 0; j < rows.length; j++) {
        rows[j] = (float) random.nextGaussian();
      }
      prompts.add(
          new Prompt(
              Prefix.of(rows, 64),
              tokens,
              adapters.get(i % adapters.size()),
              5 + i,
              new Sampling(temperature, 0, 1, i)));
    }
    return prompts;
  }

  @ParameterizedTest
  @ValueSource(strings = {OLMOE, CLIPPED, QWEN3, MIXTRAL})
  void step_promptsOfAllKinds_answersAsTheProgram(String config) throws IOException {
    open(config);
    List<Prompt> prompts = prompts(10, 0);
    List<List<Decoding.Token>> expected = answers(prompts, p -> Drafter.NONE, null);
    List<List<Decoding.Token>> answers = answers(prompts, p -> Drafter.NONE, simd);
    for (int i = 0; i < prompts.size(); i++) {
      assertArrayEquals(tokens(expected.get(i)), tokens(answers.get(i)), "answer " + i);
      for (int t = 0; t < expected.get(i).size(); t++) {
        assertEquals(expected.get(i).get(t).logProb(), answers.get(i).get(t).logProb(), 1e-4);
      }
    }
  }

  private static int[] tokens(List<Decoding.Token> answer) {
    return answer.stream().mapToInt(Decoding.Token::token).toArray();
  }

  @ParameterizedTest
  @ValueSource(strings = {OLMOE, CLIPPED, QWEN3, MIXTRAL})
  void step_promptsTogether_answersEachAsAlone(String config) throws IOException {
    open(config);
    List<Prompt> prompts = prompts(12, 0.8);
    List<List<Decoding.Token>> together = answers(prompts, p -> Drafter.NONE, simd);
    for (int i = 0; i < prompts.size(); i++) {
      List<Decoding.Token> alone = answers(List.of(prompts.get(i)), p -> Drafter.NONE, simd).get(0);
      assertEquals(alone, together.get(i), "answer " + i);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {OLMOE, MIXTRAL})
  void step_thatGuesses_givesEachTokenAsWithout(String config) throws IOException {
    open(config);
    List<Prompt> prompts = prompts(6, 0);
    List<List<Decoding.Token>> plain = answers(prompts, p -> Drafter.NONE, simd);
    Function<Prompt, Drafter> knowing =
        p -> new MixedBatchTest.Knowing(plain.get(prompts.indexOf(p)));
    assertEquals(plain, answers(prompts, knowing, simd));
    assertTrue(drafts.accepted() > 10, drafts::toString);
    assertTrue(drafts.drafted() > 2 + drafts.accepted(), drafts::toString);
  }
}
