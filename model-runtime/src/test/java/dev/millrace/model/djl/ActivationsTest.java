package dev.millrace.model.djl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.Computation;
import dev.millrace.model.base.Products;
import dev.millrace.model.base.Recompute;
import dev.millrace.model.base.WeightedSequence;
import dev.millrace.model.config.MoeConfigs;
import dev.millrace.model.weights.DType;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ActivationsTest {

  private static final int HIDDEN = 32;

  private static final int LONG = 2_000;

  private static final String LATENT =
      "{'model_type':'deepseek_v2','vocab_size':97,'hidden_size':64,'num_hidden_layers':3,"
          + "'num_attention_heads':8,'num_key_value_heads':8,'max_position_embeddings':2048,"
          + "'rms_norm_eps':1e-6,'n_routed_experts':8,'num_experts_per_tok':2,"
          + "'moe_intermediate_size':32,'intermediate_size':64,'first_k_dense_replace':1,"
          + "'n_shared_experts':1,'kv_lora_rank':16,'q_lora_rank':null,'qk_nope_head_dim':16,"
          + "'qk_rope_head_dim':8,'v_head_dim':16,'topk_method':'greedy'}";

  private static final String WINDOWS =
      "{'model_type':'mixtral','vocab_size':97,'hidden_size':64,'num_hidden_layers':3,"
          + "'num_attention_heads':8,'num_key_value_heads':2,'max_position_embeddings':2048,"
          + "'rms_norm_eps':1e-6,'num_local_experts':8,'num_experts_per_tok':2,"
          + "'intermediate_size':32,'sliding_window':700}";

  @TempDir private Path folder;

  @Test
  void bytesPerToken_moreExpertsAToken_aLayerHoldsARowOfEach() {
    assertEquals(2 * HIDDEN * Float.BYTES, bytesPerToken(4) - bytesPerToken(2));
  }

  @Test
  void bytesPerToken_moreIsComputedAgain_lessIsKept() {
    long inner = 2 * 2 * 16 * Float.BYTES;
    long fronts = bytesPerToken(2, Recompute.FRONTS);
    assertTrue(fronts < bytesPerToken(2, Recompute.NOTHING) - 2 * inner);
    assertEquals(2 * inner, fronts - bytesPerToken(2, Recompute.EXPERTS));
    assertEquals(4 * inner, fronts - bytesPerToken(2, Recompute.LAYERS));
  }

  @Test
  void tokensWithin_bf16_leaveRoomForWhatItsProductsLeaveBehind() {
    long kept = 400L << 20;
    long bytes = 512L << 20;
    Activations fp32 = activations(2, new Computation(Products.FP32, Recompute.LAYERS));
    Activations bf16 = activations(2, new Computation(Products.BF16, Recompute.LAYERS));
    assertEquals(fp32.tokensWithin(bytes - kept, 2), bf16.tokensWithin(bytes, 2));
    assertEquals(fp32.tokensWithin(bytes / 2, 1), fp32.tokensWithin(bytes, 2));
    long one = kept + 2 * (bf16.fixedBytes() + bf16.bytesPerToken());
    assertEquals(1, bf16.tokensWithin(one, 2));
    assertEquals(0, bf16.tokensWithin(one - 2, 2));
    assertEquals(0, bf16.tokensWithin(bytes - kept, 2));
    long more = 2 * (25L << 20);
    assertEquals(fp32.tokensWithin(bytes - kept - more, 6), bf16.tokensWithin(bytes, 6));
  }

  /** Weights of attention would be a matrix of a head's tokens by its tokens, in each layer. */
  @ParameterizedTest
  @MethodSource("longTexts")
  @EnabledOnOs(OS.LINUX)
  void bytesPerToken_attentionOfAnyKind_holdALongSequence(String model, Recompute recompute)
      throws Exception {
    RandomCheckpoint.write(folder, model, DType.F32, 1);
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmn8m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Dai.djl.offline=true",
                "-cp",
                System.getProperty("java.class.path"),
                ActivationsTest.class.getName(),
                folder.toString(),
                recompute.name())
            .redirectErrorStream(true)
            .start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), said);
    long took = Long.parseLong(said.lines().reduce("", (before, line) -> line));
    Activations formula =
        new Activations(
            MoeConfigs.read(folder.resolve("config.json")),
            new Computation(Products.FP32, recompute));
    long counted = formula.fixedBytes() + LONG * formula.bytesPerToken();
    assertTrue(took < 1.25 * counted, took + " bytes, counted with " + counted);
  }

  static Stream<Arguments> longTexts() {
    return Stream.of(LATENT, LATENT.replace("'v_head_dim':16", "'v_head_dim':32"), WINDOWS)
        .flatMap(
            model ->
                Stream.of(Recompute.NOTHING, Recompute.LAYERS)
                    .map(recompute -> Arguments.of(model, recompute)));
  }

  /** Trains on a short sequence, then on a long one; says how many bytes that took more. */
  public static void main(String[] arguments) throws IOException {
    Path status = Path.of("/proc/self/status");
    Computation computation = new Computation(Products.FP32, Recompute.valueOf(arguments[1]));
    try (BaseModel model = DjlModels.open(Path.of(arguments[0]), Precision.FLOAT32)) {
      AdapterWeights adapter = RandomAdapters.everywhere(model.sites(), 2, 1);
      var unused = model.gradients(adapter, sequence(64), computation);
      System.gc();
      Files.writeString(Path.of("/proc/self/clear_refs"), "5");
      long before = bytes(status, "VmRSS");
      var unusedToo = model.gradients(adapter, sequence(LONG), computation);
      System.out.println(bytes(status, "VmHWM") - before);
    }
  }

  private static List<WeightedSequence> sequence(int tokens) {
    int[] ids = IntStream.range(0, tokens).map(i -> i % 97).toArray();
    return List.of(new WeightedSequence(ids, 1));
  }

  private static long bytes(Path status, String key) throws IOException {
    String line =
        Files.readAllLines(status).stream()
            .filter(l -> l.startsWith(key))
            .findFirst()
            .orElseThrow();
    return 1024 * Long.parseLong(line.replaceAll("[^0-9]", ""));
  }

  private static long bytesPerToken(int experts) {
    return bytesPerToken(experts, Recompute.LAYERS);
  }

  private static long bytesPerToken(int experts, Recompute recompute) {
    return activations(experts, new Computation(Products.FP32, recompute)).bytesPerToken();
  }

  private static Activations activations(int experts, Computation computation) {
    String json =
        "{'model_type':'olmoe','vocab_size':97,'hidden_size':%d,'max_position_embeddings':64,"
            + "'num_hidden_layers':4,'num_attention_heads':4,'num_key_value_heads':4,"
            + "'num_experts':8,'num_experts_per_tok':%d,'intermediate_size':16,"
            + "'rms_norm_eps':1e-5}";
    byte[] config =
        json.formatted(HIDDEN, experts).replace('\'', '"').getBytes(StandardCharsets.UTF_8);
    return new Activations(MoeConfigs.parse(config), computation);
  }
}
