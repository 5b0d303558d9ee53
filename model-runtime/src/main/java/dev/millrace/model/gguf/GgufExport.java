package dev.millrace.model.gguf;

import dev.millrace.model.config.InvalidConfigException;
import dev.millrace.model.config.MoeConfig;
import dev.millrace.model.text.Tokenizers;
import dev.millrace.model.weights.Checkpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/**
 * Writes a HuggingFace checkpoint as GGUF: matrices in Q8_0, norms and router in fp32, and its
 * byte-level BPE.
 */
public final class GgufExport {

  private static final int MOSTLY_Q8_0 = 7;
  private static final int QUANTIZATION_VERSION = 2;

  /** Where llama.cpp finds the tokens that end a text. */
  private static final List<String> ENDS =
      List.of(
          "tokenizer.ggml.eos_token_id",
          "tokenizer.ggml.eot_token_id",
          "tokenizer.ggml.eom_token_id");

  private GgufExport() {}

  /**
   * Writes one file.
   *
   * @param folder config.json, tokenizer.json and safetensors
   * @param progress is told the name of each tensor as it is written
   * @throws InvalidConfigException if llama.cpp cannot run such a model
   */
  public static void write(Path folder, Path gguf, Consumer<String> progress) throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      MoeConfig config = checkpoint.config();
      OlmoeFamily.requireSupported(config);
      GgufWriter file = new GgufWriter();
      describe(folder, config, file);
      putTokens(
          BpeTables.parse(
              Files.readAllBytes(folder.resolve(Tokenizers.FILE)),
              config.eosTokenId(),
              config.vocabSize()),
          Tokenizers.bos(folder),
          file);
      OlmoeFamily.addTensors(checkpoint, file);
      file.write(gguf, progress);
    }
  }

  private static void describe(Path folder, MoeConfig config, GgufWriter file) {
    String arch = OlmoeFamily.NAME + ".";
    file.put("general.architecture", OlmoeFamily.NAME)
        .put("general.name", folder.toAbsolutePath().normalize().getFileName().toString())
        .put("general.file_type", MOSTLY_Q8_0)
        .put("general.quantization_version", QUANTIZATION_VERSION)
        .put(arch + "block_count", config.numHiddenLayers())
        .put(arch + "context_length", config.maxPositionEmbeddings())
        .put(arch + "embedding_length", config.hiddenSize())
        .put(arch + "vocab_size", config.vocabSize())
        .put(arch + "attention.head_count", config.attention().numAttentionHeads())
        .put(arch + "attention.head_count_kv", config.attention().numKeyValueHeads())
        .put(arch + "attention.layer_norm_rms_epsilon", (float) config.rmsNormEps())
        .put(arch + "rope.freq_base", (float) config.rope().theta())
        .put(arch + "expert_count", config.router().numExperts())
        .put(arch + "expert_used_count", config.numExpertsPerTok())
        .put(arch + "feed_forward_length", config.experts().intermediateSize());
  }

  private static void putTokens(BpeTables bpe, int[] bos, GgufWriter file) {
    List<Integer> ends = bpe.ends();
    if (ends.size() > ENDS.size()) {
      throw new InvalidConfigException(
          "eos_token_id is %s, expected at most %d: llama.cpp knows no more"
              .formatted(ends, ENDS.size()));
    }
    if (bos.length > 1) {
      throw new InvalidConfigException(
          "tokenizer.json: texts begin with %s, expected one token at most: llama.cpp knows no more"
              .formatted(Arrays.toString(bos)));
    }
    int end = ends.get(0);
    file.put("tokenizer.ggml.model", "gpt2")
        .put("tokenizer.ggml.pre", bpe.pre())
        .putStrings("tokenizer.ggml.tokens", bpe.tokens())
        .putIntegers("tokenizer.ggml.token_type", bpe.types())
        .putStrings("tokenizer.ggml.merges", bpe.merges())
        .put("tokenizer.ggml.bos_token_id", bos.length == 0 ? end : bos[0])
        .put("tokenizer.ggml.padding_token_id", end)
        .put("tokenizer.ggml.add_bos_token", bos.length > 0);
    for (int i = 0; i < ends.size(); i++) {
      int id = ends.get(i);
      file.put(ENDS.get(i), id);
    }
  }
}
