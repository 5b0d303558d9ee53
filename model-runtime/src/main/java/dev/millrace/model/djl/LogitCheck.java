package dev.millrace.model.djl;

import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.adapter.Site;
import dev.millrace.model.base.LoadedAdapter;
import dev.millrace.model.base.Prompt;
import dev.millrace.model.config.MoeConfig;
import dev.millrace.model.config.MoeConfigs;
import dev.millrace.model.kinds.AdapterFolder;
import dev.millrace.model.peft.LoraConfig;
import dev.millrace.model.peft.LoraPair;
import dev.millrace.model.peft.LoraWeights;
import dev.millrace.model.weights.InvalidWeightsException;
import dev.millrace.model.weights.Safetensors;
import dev.millrace.model.weights.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A checkpoint in fp32 against what another implementation computed.
 *
 * @param id of the checkpoint
 * @param positions how many were compared
 * @param agreement of the checkpoint as it is
 * @param withoutExpert0 where that is not close: the agreement of the checkpoint, and of the
 *     adapter, with the first expert of every layer silenced, which shows an expected file whose
 *     writer left it out
 */
public record LogitCheck(
    String id, int positions, Agreement agreement, @Nullable Agreement withoutExpert0) {

  private static final String EXPECTED = "expected.safetensors";
  private static final double CLOSE = 1e-3;

  /**
   * How far two implementations agree.
   *
   * @param maxAbsLogitDiff greatest |Δ| over all logits
   * @param greedyMatch whether greedy decoding gave the expected tokens; null if none are expected
   */
  public record Agreement(double maxAbsLogitDiff, @Nullable Boolean greedyMatch) {}

  /**
   * Compares with {@code expected.safetensors}, of the adapter's folder if there is an adapter:
   * {@code input_ids (rows, time)}, {@code logits (rows, time, vocab)}, and, if they are there,
   * {@code greedy_prompt} and {@code greedy_output}, a row each; behind a token that ends a text a
   * row may be padded.
   *
   * @throws InvalidWeightsException if the file does not hold that
   */
  public static LogitCheck of(Path folder, @Nullable Path adapterFolder, LoadProgress progress)
      throws IOException {
    Path expectedFile = (adapterFolder == null ? folder : adapterFolder).resolve(EXPECTED);
    try (Safetensors expected = Safetensors.open(expectedFile);
        DjlModel model =
            DjlModels.openAlone(folder, longest(expected), Precision.FLOAT32, progress)) {
      AdapterWeights adapter =
          adapterFolder == null ? none(model) : AdapterFolder.read(adapterFolder, model.sites());
      int[][] rows = rows(expected.tensor("input_ids"), model.config());
      Agreement agreement = agreement(model, adapter, expected, rows);
      @Nullable Agreement without = null;
      if (agreement.maxAbsLogitDiff > CLOSE) {
        model.silence(0);
        without = agreement(model, without(adapter, 0), expected, rows);
      }
      return new LogitCheck(model.id(), rows.length * rows[0].length, agreement, without);
    }
  }

  /** Whether a folder says what to compare with. */
  public static boolean possible(Path folder) {
    return Files.exists(folder.resolve(EXPECTED));
  }

  /**
   * The texts, as token ids, that an expected file is about.
   *
   * @param folder of the checkpoint
   * @param expectedFolder the same, or that of an adapter
   */
  public static List<int[]> texts(Path folder, Path expectedFolder) throws IOException {
    MoeConfig config = MoeConfigs.read(folder.resolve("config.json"));
    try (Safetensors expected = Safetensors.open(expectedFolder.resolve(EXPECTED))) {
      return List.of(rows(expected.tensor("input_ids"), config));
    }
  }

  private static Agreement agreement(
      DjlModel model, AdapterWeights adapter, Safetensors expected, int[][] rows) {
    Tensor wanted =
        expected.tensor("logits").require(rows.length, rows[0].length, model.config().vocabSize());
    return new Agreement(
        difference(wanted.floats(), model.logits(adapter, rows)),
        greedyMatch(expected, model, adapter));
  }

  /** Tokens of the longest text, which may be longer than the checkpoint says. */
  private static int longest(Safetensors expected) {
    int given = width(expected.tensor("input_ids"));
    if (!expected.tensors().containsKey("greedy_output")) {
      return given;
    }
    int prompt = width(expected.tensor("greedy_prompt"));
    return Math.max(given, prompt + width(expected.tensor("greedy_output")));
  }

  private static AdapterWeights none(DjlModel model) {
    List<String> modules = List.of("k_proj", "o_proj", "q_proj", "v_proj");
    return LoraWeights.initial(new LoraConfig(1, 1, false, modules), model.sites(), 1);
  }

  /**
   * The adapter without what it adds within an expert: PEFT adds that to the expert's weights, so
   * whoever leaves the expert out leaves both out.
   */
  private static AdapterWeights without(AdapterWeights adapter, int expert) {
    return adapter instanceof LoraWeights lora
        ? new LoraWeights(
            lora.config(), lora.pairs().stream().map(pair -> without(pair, expert)).toList())
        : adapter;
  }

  private static LoraPair without(LoraPair pair, int expert) {
    if (pair.site().place() != Site.Place.EXPERTS) {
      return pair;
    }
    int size = pair.site().out() * pair.rank();
    float[] b = pair.b().clone();
    Arrays.fill(b, expert * size, (expert + 1) * size, 0);
    return new LoraPair(pair.site(), pair.a(), b);
  }

  private static int[][] rows(Tensor ids, MoeConfig config) {
    int width = width(ids);
    long[] flat = ids.integers();
    int[][] rows = new int[flat.length / width][width];
    for (int i = 0; i < flat.length; i++) {
      if (flat[i] < 0 || flat[i] >= config.vocabSize()) {
        throw new InvalidWeightsException(
            "%s: %s holds token %d, expected those below vocab_size %d"
                .formatted(EXPECTED, ids.name(), flat[i], config.vocabSize()));
      }
      rows[i / width][i % width] = (int) flat[i];
    }
    return rows;
  }

  private static int width(Tensor ids) {
    if (ids.shape().length != 2 || ids.elements() == 0) {
      throw new InvalidWeightsException(
          "%s: tensor %s, expected (rows, time), each 1 or more".formatted(EXPECTED, ids));
    }
    return Math.toIntExact(ids.shape()[1]);
  }

  private static double difference(float[] wanted, float[] found) {
    double most = 0;
    for (int i = 0; i < wanted.length; i++) {
      most = Math.max(most, Math.abs((double) wanted[i] - found[i]));
    }
    return most;
  }

  private static @Nullable Boolean greedyMatch(
      Safetensors expected, DjlModel model, AdapterWeights adapter) {
    if (!expected.tensors().containsKey("greedy_output")) {
      return null;
    }
    int[][] prompts = rows(expected.tensor("greedy_prompt"), model.config());
    int[][] outputs = rows(expected.tensor("greedy_output"), model.config());
    if (outputs.length != prompts.length) {
      throw new InvalidWeightsException(
          "%s: greedy_output has %d rows, expected the %d of greedy_prompt"
              .formatted(EXPECTED, outputs.length, prompts.length));
    }
    try (LoadedAdapter loaded = model.load(adapter)) {
      for (int row = 0; row < prompts.length; row++) {
        int[] added = added(prompts[row], outputs[row], model.config().eosTokenId());
        Prompt prompt = new Prompt(prompts[row], loaded, added.length, 0, 0);
        if (!Arrays.equals(added, model.generate(List.of(prompt)).get(0).tokens())) {
          return false;
        }
      }
      return true;
    }
  }

  /** What follows the prompt, up to the first token that ends a text. */
  private static int[] added(int[] prompt, int[] output, List<Integer> eos) {
    int from = startsWith(output, prompt) ? prompt.length : 0;
    int to = from + 1;
    while (to < output.length && !eos.contains(output[to - 1])) {
      to++;
    }
    return Arrays.copyOfRange(output, from, to);
  }

  private static boolean startsWith(int[] tokens, int[] prefix) {
    return tokens.length > prefix.length
        && Arrays.equals(Arrays.copyOf(tokens, prefix.length), prefix);
  }
}
