package dev.millrace.model.gguf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import de.kherud.llama.InferenceParameters;
import de.kherud.llama.LlamaModel;
import de.kherud.llama.ModelParameters;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.Generation;
import dev.millrace.model.base.Prompt;
import dev.millrace.model.base.Sequence;
import dev.millrace.model.djl.DjlModels;
import dev.millrace.model.djl.Precision;
import dev.millrace.model.text.Tokenizer;
import dev.millrace.model.text.Tokenizers;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** llama.cpp reads the exported nano, cuts text as we do and goes on as we do. */
class LlamaCppTest {

  private static final Path NANO = Path.of("../models/nano");
  private static final int TOKENS = 24;

  /** Nats between our best token and theirs, up to which 8-bit weights may decide either way. */
  private static final double NEAR_TIE = 0.25;

  private static final List<String> PROMPTS =
      List.of(
          "public static void main(String[] args) {",
          "import java.util.List;\n\npublic final class ",
          "def __init__(self, name):\n    ",
          "The European Parliament ",
          "Returns the number of ");

  @TempDir static Path folder;
  private static LlamaModel theirs;
  private static BaseModel ours;
  private static Tokenizer tokenizer;

  @BeforeAll
  static void open() throws IOException {
    Path gguf = folder.resolve("nano.gguf");
    GgufExport.write(NANO, gguf, name -> {});
    ours = DjlModels.open(NANO, Precision.FLOAT32);
    tokenizer = Tokenizers.open(NANO);
    // Its loader empties and fills this folder, which is /tmp unless it is told otherwise.
    System.setProperty("de.kherud.llama.tmpdir", folder.toString());
    theirs =
        new LlamaModel(
            new ModelParameters()
                .setModel(gguf.toString())
                .setThreads(1)
                .setCtxSize(512)
                .disableLog());
  }

  @AfterAll
  static void close() {
    theirs.close();
    ours.close();
    tokenizer.close();
  }

  @Test
  void encode_ofTexts_isOurs() {
    for (String prompt : PROMPTS) {
      assertArrayEquals(tokenizer.encode(prompt), theirs.encode(prompt), prompt);
    }
  }

  @Test
  void greedy_ofPrompts_isOursUpToNearTies() {
    for (String prompt : PROMPTS) {
      int[] tokens = tokenizer.encode(prompt);
      Generation generation =
          ours.generate(List.of(new Prompt(tokens, ours.noAdapter(), TOKENS, 0, 0))).get(0);
      String theirText = continuation(prompt);
      int same = agreement(generation.tokens(), theirText);
      System.out.printf(
          Locale.ROOT,
          "llama.cpp agrees for %d of %d tokens on %s%n",
          same,
          TOKENS,
          prompt.strip());
      if (same < TOKENS) {
        double gap = gap(tokens, generation, same, theirText);
        System.out.printf(Locale.ROOT, "  then goes on with a token %.3f nats behind%n", gap);
        assertTrue(gap < NEAR_TIE, "gap " + gap + " after " + same + " tokens of " + prompt);
      }
    }
  }

  private static String continuation(String prompt) {
    return theirs.complete(
        new InferenceParameters(prompt)
            .setTemperature(0)
            .setNPredict(TOKENS)
            .setIgnoreEos(true)
            .setCachePrompt(false));
  }

  private static String text(int[] tokens, int count) {
    return tokenizer.decode(Arrays.copyOf(tokens, count));
  }

  /** How many of our tokens their text begins with; a character cut in half is no difference. */
  private static int agreement(int[] tokens, String theirText) {
    int same = 0;
    for (int n = 1; n <= tokens.length; n++) {
      String whole = text(tokens, n).replaceAll("\uFFFD+$", "");
      if (!theirText.startsWith(whole)) {
        return same;
      }
      same = n;
    }
    return same;
  }

  /** How much less likely their token is than ours, by our own fp32 program. */
  private static double gap(int[] prompt, Generation generation, int at, String theirText) {
    String rest = theirText.substring(text(generation.tokens(), at).length());
    int[] sequence = Arrays.copyOf(prompt, prompt.length + at + 1);
    System.arraycopy(generation.tokens(), 0, sequence, prompt.length, at);
    double best = Double.NEGATIVE_INFINITY;
    for (int token = 0; token < ours.config().vocabSize(); token++) {
      String piece = tokenizer.decode(new int[] {token});
      if (!piece.isEmpty() && rest.startsWith(piece)) {
        sequence[sequence.length - 1] = token;
        float[] logProbs =
            ours.score(List.of(new Sequence(sequence.clone(), ours.noAdapter()))).get(0).logProbs();
        best = Math.max(best, logProbs[logProbs.length - 1]);
      }
    }
    return generation.logProbs()[at] - best;
  }
}
