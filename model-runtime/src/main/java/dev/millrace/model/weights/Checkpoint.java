package dev.millrace.model.weights;

import dev.millrace.model.config.JsonFields;
import dev.millrace.model.config.MoeConfig;
import dev.millrace.model.config.MoeConfigs;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A HuggingFace checkpoint folder: config.json, perhaps generation_config.json, with
 * model.safetensors or the shards that model.safetensors.index.json lists.
 */
public final class Checkpoint implements AutoCloseable {
  private static final String CONFIG = "config.json";
  private static final String SINGLE = "model.safetensors";
  private static final String INDEX = "model.safetensors.index.json";
  private static final String EMBEDDING = "model.embed_tokens.weight";
  private static final String HEAD = "lm_head.weight";

  private final Path folder;
  private MoeConfig config;
  private final SortedMap<String, Safetensors> files = new TreeMap<>();
  private final SortedMap<String, Tensor> tensors = new TreeMap<>();

  private Checkpoint(Path folder, MoeConfig config) {
    this.folder = folder;
    this.config = config;
  }

  /**
   * Opens a folder and checks every file's header, and that it has the layers and experts that
   * config.json counts; values are read when asked for.
   *
   * @throws InvalidWeightsException if a weights file or the index is broken, or does not fit
   * @throws dev.millrace.model.config.InvalidConfigException if the model is not supported
   */
  public static Checkpoint open(Path folder) throws IOException {
    return open(folder, config -> config);
  }

  /** The same under another configuration of the same tensors. */
  public static Checkpoint open(Path folder, UnaryOperator<MoeConfig> change) throws IOException {
    MoeConfig config = change.apply(MoeConfigs.read(folder.resolve(CONFIG)));
    Checkpoint checkpoint = new Checkpoint(folder, config);
    try {
      checkpoint.openFiles();
      checkpoint.requireLayers();
      checkpoint.untie();
      return checkpoint;
    } catch (IOException | RuntimeException | Error e) {
      checkpoint.close();
      throw e;
    }
  }

  private void openFiles() throws IOException {
    boolean single = Files.exists(folder.resolve(SINGLE));
    if (single || !Files.exists(folder.resolve(INDEX))) {
      String hint = single ? "" : OtherWeights.hint(folder);
      if (!hint.isEmpty()) {
        throw new InvalidWeightsException(folder + ": " + hint);
      }
      openFile(SINGLE);
      return;
    }
    SortedMap<String, String> fileOf = readIndex();
    for (String file : new TreeSet<>(fileOf.values())) {
      openFile(file);
    }
    requireAsIndexed(fileOf);
  }

  /**
   * Holds the numbers of layers and experts to the tensors before anything is made of what they
   * promise: a few bytes of config.json could ask for any amount of memory. Behind the last layer
   * may be one that predicts further tokens, which is not run (DeepSeek-V3's eh_proj tells it).
   */
  private void requireLayers() {
    for (int layer = 0; layer < config.numHiddenLayers(); layer++) {
      String at = "model.layers." + layer + ".";
      tensor(at + "input_layernorm.weight").require(config.hiddenSize());
      if (config.layers().get(layer).sparse()) {
        tensor(at + config.names().sparse() + ".gate.weight")
            .require(config.router().numExperts(), config.hiddenSize());
      }
    }
    String next = "model.layers." + config.numHiddenLayers() + ".";
    @Nullable Tensor more = find(next + "input_layernorm.weight");
    if (more != null && !has(next + "eh_proj.weight")) {
      throw new InvalidWeightsException(
          "tensor %s: num_hidden_layers is %d, expected as many as there are layers"
              .formatted(more.name(), config.numHiddenLayers()));
    }
  }

  /** As transformers 5 does: a head of its own goes before tie_word_embeddings. */
  private void untie() {
    @Nullable Tensor head = find(HEAD);
    @Nullable Tensor embedding = find(EMBEDDING);
    if (config.tieWordEmbeddings()
        && head != null
        && embedding != null
        && !head.isCopyOf(embedding)) {
      config = config.withOwnHead();
    }
  }

  private void openFile(String name) throws IOException {
    Safetensors file = Safetensors.open(folder.resolve(name));
    files.put(name, file);
    for (Tensor tensor : file.tensors().values()) {
      if (tensors.put(tensor.name(), tensor) != null) {
        throw new InvalidWeightsException(
            "tensor " + tensor.name() + ": again in " + name + ", expected in one file");
      }
    }
  }

  private SortedMap<String, String> readIndex() throws IOException {
    JsonFields map =
        JsonFields.parse(INDEX, Files.readAllBytes(folder.resolve(INDEX))).object("weight_map");
    SortedMap<String, String> fileOf = new TreeMap<>();
    for (String tensor : map.names()) {
      String file = map.text(tensor);
      if (!file.matches("[A-Za-z0-9_][A-Za-z0-9_.-]*\\.safetensors")) {
        throw new InvalidWeightsException(
            "tensor " + tensor + ": file " + file + ", expected a plain name like " + SINGLE);
      }
      fileOf.put(tensor, file);
    }
    return fileOf;
  }

  private void requireAsIndexed(SortedMap<String, String> fileOf) {
    SortedSet<String> names = new TreeSet<>(tensors.keySet());
    names.addAll(fileOf.keySet());
    for (String name : names) {
      String listed = fileOf.getOrDefault(name, "no file");
      @Nullable Safetensors file = files.get(listed);
      if (file == null || !file.tensors().containsKey(name)) {
        throw new InvalidWeightsException(
            "tensor " + name + ": the index lists it in " + listed + ", expected where it is");
      }
    }
  }

  public MoeConfig config() {
    return config;
  }

  /** All tensors of all files, by name. */
  public SortedMap<String, Tensor> tensors() {
    return Collections.unmodifiableSortedMap(tensors);
  }

  /** The tensor of this name, which must be there. */
  public Tensor tensor(String name) {
    @Nullable Tensor tensor = find(name);
    if (tensor == null) {
      throw new InvalidWeightsException(
          "tensor " + name + ": missing, expected it in " + files.keySet());
    }
    return tensor;
  }

  /** Whether there is a tensor of this name. */
  public boolean has(String name) {
    return find(name) != null;
  }

  /**
   * Mixtral's experts are in a module {@code mlp} from transformers 5 on, and of a tied pair one
   * may be there, whichever it is.
   */
  private @Nullable Tensor find(String name) {
    String other =
        name.equals(EMBEDDING) && config.tieWordEmbeddings()
            ? HEAD
            : name.replace(".block_sparse_moe.", ".mlp.");
    return tensors.getOrDefault(name, tensors.get(other));
  }

  /** A matrix of this name and shape, its FP8 blocks scaled. */
  public Matrix matrix(String name, int rows, int columns) {
    Tensor tensor = tensor(name).require(rows, columns);
    return matrix(tensor, 0, rows, columns);
  }

  /** Matrix {@code i} of a stack (n, rows, columns), its FP8 blocks scaled. */
  public Matrix matrix(String name, int i, int n, int rows, int columns) {
    return matrix(tensor(name).require(n, rows, columns), i, rows, columns);
  }

  /**
   * A matrix of an expert, by itself or in the stack of all, where gate lies above up.
   *
   * @param experts what the names of all experts' tensors begin with
   * @param projection gate_proj, up_proj or down_proj
   */
  public Matrix expert(String experts, int e, String projection) {
    int n = config.router().numExperts();
    int d = config.hiddenSize();
    int size = config.experts().intermediateSize();
    boolean down = projection.equals("down_proj");
    String alone = experts + e + "." + projection + ".weight";
    if (has(alone) || !has(experts + "gate_up_proj")) {
      return matrix(alone, down ? d : size, down ? size : d);
    }
    return down
        ? matrix(experts + "down_proj", e, n, d, size)
        : matrix(experts + "gate_up_proj", e, n, 2 * size, d)
            .part(projection.equals("up_proj") ? size : 0, size);
  }

  private Matrix matrix(Tensor tensor, int i, int rows, int columns) {
    PlainMatrix plain = new PlainMatrix(tensor, (long) i * rows * columns, rows, columns);
    return tensor.dtype() == DType.F8_E4M3 ? Fp8Matrix.of(this, plain, i) : plain;
  }

  /** All values of a tensor of this name and shape, the FP8 blocks of a matrix scaled. */
  public float[] values(String name, long... shape) {
    Tensor tensor = tensor(name).require(shape);
    if (tensor.dtype() != DType.F8_E4M3) {
      return tensor.floats();
    }
    if (shape.length != 2) {
      throw new InvalidWeightsException(
          "tensor " + tensor + ": expected F32, F16 or BF16, only matrices have scales for FP8");
    }
    float[] values = new float[Math.toIntExact(tensor.elements())];
    matrix(tensor, 0, (int) shape[0], (int) shape[1]).read(0, (int) shape[0], values);
    return values;
  }

  /** The {@link #id} of the one in a folder. */
  public static String idOf(Path folder) throws IOException {
    return idOf(folder, () -> {});
  }

  /**
   * The same.
   *
   * @param before is run before each block that is read; what it throws ends the reading
   */
  public static String idOf(Path folder, Runnable before) throws IOException {
    try (Checkpoint checkpoint = open(folder)) {
      return checkpoint.id(before);
    }
  }

  /**
   * SHA-256 over the names and digests of config and weights files; reads all of them. What ends a
   * text is in it too where config.json does not say that.
   */
  public String id() throws IOException {
    return id(() -> {});
  }

  /**
   * The same.
   *
   * @param before is run before each block that is read; what it throws ends the reading
   */
  public String id(Runnable before) throws IOException {
    SortedMap<String, String> digests = new TreeMap<>();
    byte[] configJson = Files.readAllBytes(folder.resolve(CONFIG));
    digests.put(CONFIG, Digest.sha256(configJson));
    List<Integer> eos = config.eosTokenId();
    if (!MoeConfigs.parse(configJson).eosTokenId().equals(eos)) {
      digests.put("eos_token_id", Digest.sha256(eos.toString().getBytes(StandardCharsets.UTF_8)));
    }
    for (String file : files.keySet()) {
      digests.put(file, Digest.sha256(folder.resolve(file), before));
    }
    StringBuilder lines = new StringBuilder();
    for (Map.Entry<String, String> entry : digests.entrySet()) {
      lines.append(entry.getValue()).append("  ").append(entry.getKey()).append('\n');
    }
    return Digest.sha256(lines.toString().getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public void close() throws IOException {
    for (Safetensors file : files.values()) {
      file.close();
    }
  }
}
