package dev.millrace.job.bench.model;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.model.weights.DType;
import dev.millrace.model.weights.SafetensorsWriter;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;

/** Writes OLMoE-shaped checkpoints of random weights, N(0, 0.02²), in bf16, one shard a layer. */
public final class RandomCheckpoint {

  public static final int VOCABULARY = 4096;

  private final Path folder;
  private final Shape shape;
  private final SplittableRandom random;
  private final Map<String, String> index = new TreeMap<>();
  private SafetensorsWriter shard = new SafetensorsWriter();
  private String shardName = "";

  private RandomCheckpoint(Path folder, Shape shape, long seed) {
    this.folder = folder;
    this.shape = shape;
    this.random = new SplittableRandom(seed);
  }

  /**
   * The sizes of a model; the rest is OLMoE's.
   *
   * @param experts of which an eighth is active
   */
  public record Shape(
      int layers, int hidden, int intermediate, int experts, int heads, int vocabulary) {

    /** With the vocabulary of nano's tokenizer. */
    public Shape(int layers, int hidden, int intermediate, int experts, int heads) {
      this(layers, hidden, intermediate, experts, heads, VOCABULARY);
    }

    private String json() {
      return """
          {"model_type": "olmoe", "architectures": ["OlmoeForCausalLM"], "vocab_size": %d,
           "num_hidden_layers": %d, "hidden_size": %d, "intermediate_size": %d, "num_experts": %d,
           "num_experts_per_tok": %d, "num_attention_heads": %d, "num_key_value_heads": %d,
           "max_position_embeddings": 512, "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
           "norm_topk_prob": false, "tie_word_embeddings": false, "dtype": "bfloat16"}
          """
          .formatted(vocabulary, layers, hidden, intermediate, experts, experts / 8, heads, heads);
    }

    /** All weights of the model. */
    public long parameters() {
      long layer =
          4L * hidden * hidden + 3L * hidden * intermediate * experts + (long) experts * hidden;
      return layers * layer + 2L * vocabulary * hidden;
    }
  }

  /** Writes a folder, with nano's tokenizer, and gives its path. */
  public static Path write(Path folder, Shape shape, Path nano, long seed) throws IOException {
    Files.createDirectories(folder);
    Files.copy(nano.resolve("tokenizer.json"), folder.resolve("tokenizer.json"));
    Files.writeString(folder.resolve("config.json"), shape.json());
    new RandomCheckpoint(folder, shape, seed).writeShards();
    return folder;
  }

  private void writeShards() throws IOException {
    int d = shape.hidden;
    begin("model-ends.safetensors");
    matrix("model.embed_tokens.weight", shape.vocabulary, d);
    ones("model.norm.weight", d);
    matrix("lm_head.weight", shape.vocabulary, d);
    end();
    for (int layer = 0; layer < shape.layers; layer++) {
      begin("model-" + layer + ".safetensors");
      layer("model.layers." + layer + ".");
      end();
    }
    writeIndex();
  }

  private void layer(String at) {
    int d = shape.hidden;
    int i = shape.intermediate;
    for (String norm :
        new String[] {
          "input_layernorm", "post_attention_layernorm", "self_attn.q_norm", "self_attn.k_norm"
        }) {
      ones(at + norm + ".weight", d);
    }
    for (String projection : new String[] {"q_proj", "k_proj", "v_proj", "o_proj"}) {
      matrix(at + "self_attn." + projection + ".weight", d, d);
    }
    matrix(at + "mlp.gate.weight", shape.experts, d);
    for (int e = 0; e < shape.experts; e++) {
      String expert = at + "mlp.experts." + e + ".";
      matrix(expert + "gate_proj.weight", i, d);
      matrix(expert + "up_proj.weight", i, d);
      matrix(expert + "down_proj.weight", d, i);
    }
  }

  private void begin(String name) {
    shard = new SafetensorsWriter().metadata("format", "pt");
    shardName = name;
  }

  private void end() throws IOException {
    shard.write(folder.resolve(shardName));
  }

  private void matrix(String name, int rows, int columns) {
    float[] values = new float[rows * columns];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (0.02 * random.nextGaussian());
    }
    add(name, values, rows, columns);
  }

  private void ones(String name, int size) {
    float[] values = new float[size];
    Arrays.fill(values, 1);
    add(name, values, size);
  }

  private void add(String name, float[] values, long... shape) {
    shard.add(name, DType.BF16, values, shape);
    index.put(name, shardName);
  }

  private void writeIndex() throws IOException {
    File file = folder.resolve("model.safetensors.index.json").toFile();
    new ObjectMapper().writeValue(file, Map.of("weight_map", index));
  }
}
