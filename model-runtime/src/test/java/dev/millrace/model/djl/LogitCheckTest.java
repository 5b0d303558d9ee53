package dev.millrace.model.djl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.model.adapter.AdapterPlan;
import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.adapter.Delta;
import dev.millrace.model.adapter.Site;
import dev.millrace.model.base.LoadedAdapter;
import dev.millrace.model.base.Prompt;
import dev.millrace.model.config.MoeConfigs;
import dev.millrace.model.kinds.AdapterFolder;
import dev.millrace.model.peft.Lora;
import dev.millrace.model.peft.LoraConfig;
import dev.millrace.model.peft.LoraWeights;
import dev.millrace.model.weights.DType;
import dev.millrace.model.weights.InvalidWeightsException;
import dev.millrace.model.weights.Safetensors;
import dev.millrace.model.weights.SafetensorsWriter;
import dev.millrace.model.weights.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What HuggingFace transformers and PEFT computed for the golden checkpoints. Whoever wrote them
 * left the first expert of every layer out (see docs/DECISIONS.md); {@link NaiveModelTest} holds
 * all experts.
 */
class LogitCheckTest {

  private static final Path GOLDEN = Path.of("src/test/resources/golden");

  private static final String QWEN3 =
      "{'model_type':'qwen3_moe','vocab_size':97,'hidden_size':32,'max_position_embeddings':64,"
          + "'num_hidden_layers':2,'num_attention_heads':4,'num_key_value_heads':2,"
          + "'num_experts':6,'num_experts_per_tok':3,'moe_intermediate_size':12,"
          + "'norm_topk_prob':true}";

  @ParameterizedTest
  @ValueSource(strings = {"olmoe-tiny", "qwen3-moe-tiny", "deepseek-v3-tiny"})
  void of_goldenCheckpoint_agreesWithoutTheExpertThatItsWriterLeftOut(String name)
      throws IOException {
    LogitCheck check = LogitCheck.of(GOLDEN.resolve(name), null, LoadProgress.SILENT);
    LogitCheck.@Nullable Agreement without = check.withoutExpert0();
    assertNotNull(without);
    assertTrue(without.maxAbsLogitDiff() < 1e-4, check::toString);
    assertEquals(true, without.greedyMatch());
  }

  @ParameterizedTest
  @ValueSource(strings = {"olmoe-tiny", "qwen3-moe-tiny", "deepseek-v3-tiny"})
  void of_goldenAdapter_agreesWithoutTheExpertThatItsWriterLeftOut(String name) throws IOException {
    Path folder = GOLDEN.resolve(name);
    LogitCheck check = LogitCheck.of(folder, folder.resolve("adapter"), LoadProgress.SILENT);
    LogitCheck.@Nullable Agreement without = check.withoutExpert0();
    assertNotNull(without);
    assertTrue(without.maxAbsLogitDiff() < 1e-4, check::toString);
  }

  @ParameterizedTest
  @ValueSource(strings = {"olmoe-tiny", "qwen3-moe-tiny", "deepseek-v3-tiny"})
  void of_textsLongerThanMaxPositionEmbeddings_agrees(String name, @TempDir Path folder)
      throws IOException {
    copy(name, folder, "\"max_position_embeddings\": 16");
    LogitCheck check = LogitCheck.of(folder, null, LoadProgress.SILENT);
    LogitCheck.@Nullable Agreement without = check.withoutExpert0();
    assertNotNull(without);
    assertTrue(without.maxAbsLogitDiff() < 1e-4, check::toString);
    assertEquals(true, without.greedyMatch());
  }

  @Test
  void of_textsLongerThanDynamicPositions_isRefused(@TempDir Path folder) throws IOException {
    copy(
        "olmoe-tiny",
        folder,
        "\"max_position_embeddings\": 16, \"rope_scaling\": {\"type\": \"dynamic\", \"factor\": 2}");
    Path config = folder.resolve("config.json");
    Files.writeString(
        config, Files.readString(config).replaceFirst("(?s)\"rope_parameters\": \\{.*?\\},", ""));
    IllegalArgumentException refusal =
        assertThrows(
            IllegalArgumentException.class, () -> LogitCheck.of(folder, null, LoadProgress.SILENT));
    assertEquals(
        "a text has 24 tokens, expected at most max_position_embeddings, 16: longer ones are not"
            + " supported with dynamic rope_scaling",
        refusal.getMessage());
  }

  @Test
  void of_expertAdapterOfAWriterThatLeftExpert0Out_agreesWithoutWhatItAddsThere(
      @TempDir Path folder) throws IOException {
    Path base = RandomCheckpoint.write(folder.resolve("base"), QWEN3, DType.F32, 7);
    Path adapted = folder.resolve("adapter");
    LoraWeights adapter = ofExperts(base);
    AdapterFolder.write(adapter, "", adapted);
    Path merged = mergedWithoutExpert0(base, adapter, folder.resolve("merged"));
    int[] row = new SplittableRandom(2).ints(24, 0, 97).toArray();
    try (DjlModel model = DjlModels.openAlone(merged, Precision.FLOAT32, LoadProgress.SILENT)) {
      AdapterWeights none = adapter.with(zeros(adapter));
      ByteBuffer ids = ByteBuffer.allocate(8 * row.length).order(ByteOrder.LITTLE_ENDIAN);
      Arrays.stream(row).forEach(ids::putLong);
      new SafetensorsWriter()
          .addRaw("input_ids", DType.I64, ids.array(), 1, row.length)
          .add("logits", DType.F32, model.logits(none, new int[][] {row}), 1, row.length, 97)
          .write(adapted.resolve("expected.safetensors"));
    }
    LogitCheck check = LogitCheck.of(base, adapted, LoadProgress.SILENT);
    assertTrue(check.agreement().maxAbsLogitDiff() > 0.01, check::toString);
    LogitCheck.@Nullable Agreement without = check.withoutExpert0();
    assertNotNull(without);
    assertTrue(without.maxAbsLogitDiff() < 1e-4, check::toString);
  }

  private static LoraWeights ofExperts(Path base) throws IOException {
    List<Site> experts =
        DjlModels.sites(MoeConfigs.read(base.resolve("config.json"))).stream()
            .filter(site -> site.place() == Site.Place.EXPERTS)
            .toList();
    LoraWeights zero = Lora.KIND.initial(new AdapterPlan(2, 8, true), experts, 3);
    SplittableRandom random = new SplittableRandom(4);
    return zero.with(
        zero.factors().stream()
            .map(factor -> RandomAdapters.normal(random, factor.values().length))
            .toList());
  }

  private static List<float[]> zeros(LoraWeights adapter) {
    return adapter.factors().stream().map(factor -> new float[factor.values().length]).toList();
  }

  /** The checkpoint with B·A in its experts' weights, and nothing in those of the first. */
  private static Path mergedWithoutExpert0(Path base, LoraWeights adapter, Path to)
      throws IOException {
    Files.createDirectory(to);
    Files.copy(base.resolve("config.json"), to.resolve("config.json"));
    SafetensorsWriter writer = new SafetensorsWriter();
    Pattern expert = Pattern.compile("(.*\\.experts\\.)(\\d+)\\.(gate|up|down)_proj\\.weight");
    try (Safetensors file = Safetensors.open(base.resolve("model.safetensors"))) {
      for (Tensor tensor : file.tensors().values()) {
        float[] values = tensor.floats();
        Matcher name = expert.matcher(tensor.name());
        if (name.matches()) {
          boolean down = name.group(3).equals("down");
          String site = name.group(1) + (down ? "down_proj" : "gate_up_proj");
          Delta delta =
              adapter.deltas().stream().filter(d -> d.site().name().equals(site)).findFirst().get();
          int first = name.group(3).equals("up") ? delta.site().out() / 2 : 0;
          merge(values, delta, Integer.parseInt(name.group(2)), first);
        }
        writer.add(tensor.name(), DType.F32, values, tensor.shape());
      }
    }
    writer.write(to.resolve("model.safetensors"));
    return to;
  }

  /** Adds rows of an expert's B·A from one on, or clears the weights of the first expert. */
  private static void merge(float[] weights, Delta delta, int expert, int first) {
    int in = delta.site().in();
    int rank = delta.rank();
    for (int i = 0; i < weights.length; i++) {
      int row = expert * delta.site().out() + first + i / in;
      for (int r = 0; r < rank; r++) {
        weights[i] += delta.b()[row * rank + r] * delta.a()[(expert * rank + r) * in + i % in];
      }
    }
    if (expert == 0) {
      Arrays.fill(weights, 0);
    }
  }

  @Test
  void of_severalGreedyRows_allAgreeUpToTheirEnds(@TempDir Path folder) throws IOException {
    RandomCheckpoint.write(folder, QWEN3, DType.F32, 7);
    long[][] outputs = new long[2][];
    try (DjlModel model = DjlModels.openAlone(folder, Precision.FLOAT32, LoadProgress.SILENT);
        LoadedAdapter none = model.load(none(model))) {
      for (int row = 0; row < 2; row++) {
        int[] prompt = {5, 6 + row};
        int[] added = model.generate(List.of(new Prompt(prompt, none, 6, 0, 0))).get(0).tokens();
        outputs[row] =
            IntStream.concat(IntStream.of(prompt), IntStream.of(added)).asLongStream().toArray();
      }
    }
    Files.writeString(
        folder.resolve("generation_config.json"),
        "{\"eos_token_id\": [%d]}".formatted(outputs[1][4]));
    Arrays.fill(outputs[1], 5, 8, 0); // as transformers pads
    expect(folder, outputs);
    assertEquals(true, LogitCheck.of(folder, null, LoadProgress.SILENT).agreement().greedyMatch());
    outputs[1][3] = (outputs[1][3] + 1) % 97;
    expect(folder, outputs);
    assertEquals(false, LogitCheck.of(folder, null, LoadProgress.SILENT).agreement().greedyMatch());
    expect(folder, new long[][] {outputs[0]});
    assertRefused(folder, "greedy_output has 1 rows, expected the 2 of greedy_prompt");
    outputs[1][3] = 97;
    expect(folder, outputs);
    assertRefused(folder, "greedy_output holds token 97, expected those below vocab_size 97");
    new SafetensorsWriter()
        .addRaw("input_ids", DType.I64, longs(1, 2), 2)
        .write(folder.resolve("expected.safetensors"));
    assertRefused(folder, "tensor input_ids I64[2], expected (rows, time), each 1 or more");
  }

  /** Its message was "integer overflow". */
  @Test
  void of_tokenBeyondAnInt_isRefusedByItsNumber(@TempDir Path folder) throws IOException {
    RandomCheckpoint.write(folder, QWEN3, DType.F32, 7);
    new SafetensorsWriter()
        .addRaw("input_ids", DType.I64, longs(1, 1L << 40), 1, 2)
        .write(folder.resolve("expected.safetensors"));
    String message = "input_ids holds token 1099511627776, expected those below vocab_size 97";
    assertRefused(folder, message);
    InvalidWeightsException e =
        assertThrows(InvalidWeightsException.class, () -> LogitCheck.texts(folder, folder));
    assertEquals("expected.safetensors: " + message, e.getMessage());
  }

  private static void assertRefused(Path folder, String message) {
    InvalidWeightsException e =
        assertThrows(
            InvalidWeightsException.class, () -> LogitCheck.of(folder, null, LoadProgress.SILENT));
    assertEquals("expected.safetensors: " + message, e.getMessage());
  }

  private static void expect(Path folder, long[][] outputs) throws IOException {
    new SafetensorsWriter()
        .addRaw("input_ids", DType.I64, longs(1, 2), 1, 2)
        .add("logits", DType.F32, new float[2 * 97], 1, 2, 97)
        .addRaw("greedy_prompt", DType.I64, longs(5, 6, 5, 7), 2, 2)
        .addRaw(
            "greedy_output",
            DType.I64,
            longs(Arrays.stream(outputs).flatMapToLong(Arrays::stream).toArray()),
            outputs.length,
            outputs[0].length)
        .write(folder.resolve("expected.safetensors"));
  }

  private static byte[] longs(long... values) {
    ByteBuffer bytes = ByteBuffer.allocate(8 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    Arrays.stream(values).forEach(bytes::putLong);
    return bytes.array();
  }

  private static LoraWeights none(DjlModel model) {
    LoraConfig config = new LoraConfig(1, 1, false, List.of("q_proj"));
    return LoraWeights.initial(config, model.sites(), 1);
  }

  private static void copy(String name, Path folder, String positions) throws IOException {
    for (String file : List.of("config.json", "model.safetensors", "expected.safetensors")) {
      Files.copy(GOLDEN.resolve(name).resolve(file), folder.resolve(file));
    }
    Path config = folder.resolve("config.json");
    Files.writeString(
        config,
        Files.readString(config).replaceFirst("\"max_position_embeddings\": \\d+", positions));
  }
}
