package dev.millrace.model.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.millrace.model.base.Generation;
import dev.millrace.model.base.LoadedAdapter;
import dev.millrace.model.base.Prefix;
import dev.millrace.model.base.PrefixGradients;
import dev.millrace.model.base.Prompt;
import dev.millrace.model.base.Sampling;
import dev.millrace.model.base.Sequence;
import dev.millrace.model.base.TokenScores;
import dev.millrace.model.weights.Checkpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A prefix of the embeddings of tokens is those tokens. */
class PrefixTest {

  private static final Path GOLDEN = Path.of("src/test/resources/golden/olmoe-tiny");

  private static DjlModel reference;
  private static DjlModel int8;
  private static float[] embeddings;
  private static int width;

  @BeforeAll
  static void open() throws IOException {
    reference = DjlModels.openModel(GOLDEN, Precision.FLOAT32);
    int8 = DjlModels.openModel(GOLDEN, Precision.INT8);
    width = reference.config().hiddenSize();
    try (Checkpoint checkpoint = Checkpoint.open(GOLDEN)) {
      embeddings =
          checkpoint
              .tensor("model.embed_tokens.weight")
              .require(reference.config().vocabSize(), width)
              .floats();
    }
  }

  @AfterAll
  static void close() {
    reference.close();
    int8.close();
  }

  @Test
  void score_behindTheEmbeddingsOfTokens_isBehindTheTokens() {
    for (DjlModel model : List.of(reference, int8)) {
      try (LoadedAdapter adapter = model.load(RandomAdapters.everywhere(model.sites(), 4, 1))) {
        for (int n : new int[] {1, 2, 7}) {
          int[] tokens = tokens(20, n);
          TokenScores whole = model.score(List.of(new Sequence(tokens, adapter))).get(0);
          Sequence behind =
              new Sequence(Arrays.copyOfRange(tokens, n, 20), adapter, embedded(model, tokens, n));
          TokenScores found = model.score(List.of(behind)).get(0);
          assertArrayEquals(tail(whole.logProbs(), 20 - n), found.logProbs());
        }
      }
    }
  }

  @Test
  void generate_behindTheEmbeddingsOfTokens_isBehindTheTokens() {
    int[] tokens = tokens(9, 4);
    Sampling greedy = new Sampling(0, 0, 1, 0);
    List<Prompt> prompts = new ArrayList<>();
    for (int n : new int[] {0, 4, 8, 9}) {
      prompts.add(
          new Prompt(
              embedded(int8, tokens, n),
              Arrays.copyOfRange(tokens, n, 9),
              int8.noAdapter(),
              12,
              greedy));
    }
    List<Generation> together = int8.generate(prompts);
    for (Generation found : together) {
      assertArrayEquals(together.get(0).tokens(), found.tokens());
      assertArrayEquals(together.get(0).logProbs(), found.logProbs());
    }
  }

  @Test
  void generate_prefixAcrossPieces_isBehindTheTokens() {
    int[] tokens = tokens(reference.config().maxPositionEmbeddings() - 4, 5);
    int n = tokens.length - 3;
    Sampling greedy = new Sampling(0, 0, 1, 0);
    List<Generation> found =
        int8.generate(
            List.of(
                new Prompt(tokens, int8.noAdapter(), 3, greedy),
                new Prompt(
                    embedded(int8, tokens, n),
                    Arrays.copyOfRange(tokens, n, tokens.length),
                    int8.noAdapter(),
                    3,
                    greedy)));
    assertArrayEquals(found.get(0).logProbs(), found.get(1).logProbs());
  }

  @Test
  void score_amongOthers_isBitwiseTheSame() {
    List<Sequence> all = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      Prefix prefix = i % 2 == 0 ? Prefix.NONE : noise(i, i);
      all.add(new Sequence(tokens(3 + 4 * i, i), int8.noAdapter(), prefix));
    }
    List<TokenScores> together = MixedBatchTest.assertEachScoredAsAlone(int8, all);
    for (int i = 0; i < all.size(); i++) {
      int scored = all.get(i).tokens().length - (i % 2 == 0 ? 1 : 0);
      assertEquals(scored, together.get(i).logProbs().length);
    }
    Sequence other = new Sequence(all.get(1).tokens(), int8.noAdapter(), noise(1, 9));
    assertFalse(
        Arrays.equals(int8.score(List.of(other)).get(0).logProbs(), together.get(1).logProbs()));
  }

  @Test
  void prefixGradients_areCentralDifferences() {
    List<int[]> tokens = List.of(tokens(6, 1), tokens(1, 2), tokens(9, 3));
    List<Prefix> prefixes = List.of(noise(2, 1), noise(1, 2), noise(3, 3));
    PrefixGradients found = reference.prefixGradients(tokens, prefixes);
    for (int s = 0; s < tokens.size(); s++) {
      TokenScores scores =
          reference
              .score(List.of(new Sequence(tokens.get(s), reference.noAdapter(), prefixes.get(s))))
              .get(0);
      assertEquals(-scores.logProb(), found.loss()[s], 1e-3);
      float[] gradient = found.prefixes().get(s);
      assertEquals(prefixes.get(s).rows().length, gradient.length);
      int at = largest(gradient);
      float h = 5e-4f;
      double slope =
          (loss(tokens, prefixes, s, at, h) - loss(tokens, prefixes, s, at, -h)) / (2 * h);
      assertEquals(slope, gradient[at], 0.02 * Math.abs(slope) + 5e-3);
    }
  }

  @Test
  void prefixGradients_noPrefix_saysWhatWasExpected() {
    var e =
        assertThrows(
            IllegalArgumentException.class,
            () -> reference.prefixGradients(List.of(tokens(3, 1)), List.of(Prefix.NONE)));
    assertEquals("3 tokens behind a prefix of 0, expected at least 1 and 1", e.getMessage());
  }

  private static double loss(List<int[]> tokens, List<Prefix> prefixes, int s, int at, float by) {
    float[] moved = prefixes.get(s).rows().clone();
    moved[at] += by;
    return reference.prefixGradients(List.of(tokens.get(s)), List.of(Prefix.of(moved, width)))
        .loss()[0];
  }

  static int largest(float[] values) {
    int largest = 0;
    for (int i = 0; i < values.length; i++) {
      largest = Math.abs(values[i]) > Math.abs(values[largest]) ? i : largest;
    }
    return largest;
  }

  /** The embeddings of the first tokens, as the model holds them: int8 has them in bf16. */
  private static Prefix embedded(DjlModel model, int[] tokens, int n) {
    float[] rows = new float[n * width];
    for (int i = 0; i < rows.length; i++) {
      float value = embeddings[tokens[i / width] * width + i % width];
      rows[i] = model == int8 ? bf16(value) : value;
    }
    return Prefix.of(rows, width);
  }

  /** Rounded to nearest, ties to even. */
  private static float bf16(float value) {
    int bits = Float.floatToRawIntBits(value);
    return Float.intBitsToFloat((bits + 0x7FFF + ((bits >>> 16) & 1)) & 0xFFFF0000);
  }

  private static float[] tail(float[] values, int n) {
    return Arrays.copyOfRange(values, values.length - n, values.length);
  }

  private static Prefix noise(int length, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] rows = new float[length * width];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = (float) random.nextGaussian();
    }
    return Prefix.of(rows, width);
  }

  private static int[] tokens(int n, long seed) {
    return new SplittableRandom(seed).ints(n, 0, reference.config().vocabSize()).toArray();
  }
}
