package dev.millrace.model.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.base.LoadedAdapter;
import dev.millrace.model.base.Prompt;
import dev.millrace.model.base.Sequence;
import dev.millrace.model.base.ShareCalibration;
import dev.millrace.model.base.TokenScores;
import dev.millrace.model.peft.LoraConfig;
import dev.millrace.model.peft.LoraWeights;
import dev.millrace.model.program.MatrixFormat;
import dev.millrace.model.release.Routing;
import dev.millrace.model.weights.DType;
import dev.millrace.model.weights.Safetensors;
import dev.millrace.model.weights.SafetensorsWriter;
import dev.millrace.model.weights.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The generated programs of every family and its options against {@link NaiveModel}. */
class NaiveModelTest {

  @TempDir Path folder;

  /** A name, a config.json, the storage of the matrices. */
  record Case(String name, DType dtype, String json) {
    @Override
    public String toString() {
      return name;
    }
  }

  private static final String COMMON =
      "'vocab_size':97,'hidden_size':32,'max_position_embeddings':64,'num_hidden_layers':3,"
          + "'num_attention_heads':4,'num_experts_per_tok':3,";

  private static final String LATENT =
      COMMON
          + "'rms_norm_eps':1e-4,'n_routed_experts':8,'moe_intermediate_size':16,"
          + "'intermediate_size':24,'first_k_dense_replace':1,'kv_lora_rank':12,"
          + "'qk_nope_head_dim':10,'qk_rope_head_dim':8,'v_head_dim':6,"
          + "'num_key_value_heads':4,";

  static Stream<Case> cases() {
    return Stream.of(
        new Case(
            "olmoe with all its options, fp32",
            DType.F32,
            "{'model_type':'olmoe',"
                + COMMON
                + "'rms_norm_eps':1e-5,'num_key_value_heads':2,'num_experts':8,"
                + "'intermediate_size':16,'norm_topk_prob':true,'clip_qkv':0.8,"
                + "'attention_bias':true,'tie_word_embeddings':true,'rope_theta':500.0}"),
        new Case(
            "qwen2 with windows and a shared expert, bf16",
            DType.BF16,
            "{'model_type':'qwen2_moe',"
                + COMMON
                + "'rms_norm_eps':1e-6,'num_key_value_heads':2,'num_experts':8,"
                + "'moe_intermediate_size':16,'shared_expert_intermediate_size':20,"
                + "'intermediate_size':24,'decoder_sparse_step':1,'mlp_only_layers':[1],"
                + "'use_sliding_window':true,'sliding_window':5,'max_window_layers':28}"),
        new Case(
            "qwen2 with layer types and every second layer sparse",
            DType.F32,
            "{'model_type':'qwen2_moe',"
                + COMMON
                + "'rms_norm_eps':1e-6,'num_key_value_heads':4,'num_experts':8,"
                + "'moe_intermediate_size':16,'shared_expert_intermediate_size':20,"
                + "'intermediate_size':24,'decoder_sparse_step':2,'qkv_bias':false,"
                + "'norm_topk_prob':true,'use_sliding_window':true,'sliding_window':4,"
                + "'layer_types':['full_attention','sliding_attention','full_attention']}"),
        new Case(
            "qwen3 with windows, biases and linear positions, fp16",
            DType.F16,
            "{'model_type':'qwen3_moe',"
                + COMMON
                + "'rms_norm_eps':1e-6,'num_key_value_heads':2,'num_local_experts':8,"
                + "'moe_intermediate_size':16,'intermediate_size':24,'head_dim':12,"
                + "'attention_bias':true,'norm_topk_prob':true,'mlp_only_layers':[0],"
                + "'use_sliding_window':true,'sliding_window':6,"
                + "'rope_scaling':{'type':'linear','factor':2.5},'rope_theta':1000}"),
        new Case(
            "mixtral with a window",
            DType.F32,
            "{'model_type':'mixtral',"
                + COMMON
                + "'rms_norm_eps':1e-5,'num_key_value_heads':1,'num_local_experts':8,"
                + "'intermediate_size':16,'sliding_window':7}"),
        new Case(
            "mixtral with Llama 3's positions and its own head size",
            DType.BF16,
            "{'model_type':'mixtral',"
                + COMMON
                + "'rms_norm_eps':1e-5,'num_key_value_heads':2,'num_local_experts':8,"
                + "'intermediate_size':16,'head_dim':16,'sliding_window':null,"
                + "'rope_parameters':{'rope_type':'llama3','rope_theta':10000.0,'factor':8.0,"
                + "'low_freq_factor':1.0,'high_freq_factor':4.0,"
                + "'original_max_position_embeddings':32}}"),
        new Case(
            "deepseek v2 without query rank, greedy",
            DType.F32,
            "{'model_type':'deepseek_v2',"
                + LATENT
                + "'q_lora_rank':null,'n_shared_experts':2,'topk_method':'greedy',"
                + "'routed_scaling_factor':1.5,'attention_bias':true}"),
        new Case(
            "deepseek v2 with groups and YaRN",
            DType.BF16,
            "{'model_type':'deepseek_v2',"
                + LATENT
                + "'q_lora_rank':14,'n_shared_experts':1,'topk_method':'group_limited_greedy',"
                + "'n_group':4,'topk_group':2,'routed_scaling_factor':2.0,'rope_theta':10000,"
                + "'rope_scaling':{'type':'yarn','factor':4,'mscale':0.707,"
                + "'mscale_all_dim':0.9,'beta_fast':32,'beta_slow':1,"
                + "'original_max_position_embeddings':16}}"),
        new Case(
            "deepseek v3 in FP8 with YaRN",
            DType.F8_E4M3,
            "{'model_type':'deepseek_v3',"
                + LATENT
                + "'q_lora_rank':14,'n_shared_experts':2,'n_group':4,'topk_group':2,"
                + "'norm_topk_prob':true,'routed_scaling_factor':2.5,'rope_interleave':true,"
                + "'quantization_config':{'quant_method':'fp8','fmt':'e4m3',"
                + "'weight_block_size':[6,10]},"
                + "'rope_parameters':{'rope_type':'yarn','rope_theta':10000.0,'factor':4.0,"
                + "'mscale':1.0,'mscale_all_dim':1.0,'original_max_position_embeddings':16}}"),
        new Case(
            "deepseek v3 in one group, pairs half a head apart",
            DType.F32,
            "{'model_type':'deepseek_v3',"
                + LATENT
                + "'q_lora_rank':null,'n_shared_experts':1,'n_group':1,'topk_group':1,"
                + "'norm_topk_prob':false,'routed_scaling_factor':1.0,"
                + "'rope_interleave':false,'attention_bias':true}"));
  }

  /** Options that change a few numbers only, held to the oracle's logits. */
  static Stream<Case> options() {
    return Stream.of(
        new Case(
            "deepseek v2, more experts than the open groups hold",
            DType.F32,
            "{'model_type':'deepseek_v2',"
                + LATENT.replace("_per_tok':3", "_per_tok':6")
                + "'q_lora_rank':null,'n_shared_experts':1,'topk_method':'group_limited_greedy',"
                + "'n_group':4,'topk_group':2,'routed_scaling_factor':2.0}"),
        new Case(
            "deepseek v3, all experts with one group open",
            DType.F32,
            "{'model_type':'deepseek_v3',"
                + LATENT.replace("_per_tok':3", "_per_tok':8")
                + "'n_group':2,'topk_group':1,"
                + "'norm_topk_prob':true,'routed_scaling_factor':2.5,'rope_interleave':true}"),
        new Case(
            "deepseek v2 with YaRN as transformers 5.3 writes and computes it",
            DType.F32,
            "{'model_type':'deepseek_v2','transformers_version':'5.3.0.dev0',"
                + LATENT
                + "'q_lora_rank':14,'n_shared_experts':1,'topk_method':'greedy',"
                + "'routed_scaling_factor':1.0,'rope_parameters':{'rope_type':'yarn',"
                + "'rope_theta':10000.0,'factor':4.0,'mscale':0.707,'mscale_all_dim':0.707,"
                + "'original_max_position_embeddings':16}}"),
        new Case(
            "mixtral with a key head for each head and dynamic positions",
            DType.F32,
            "{'model_type':'mixtral',"
                + COMMON
                + "'rms_norm_eps':1e-5,'num_key_value_heads':null,'num_local_experts':8,"
                + "'intermediate_size':16,'rope_scaling':{'type':'dynamic','factor':4.0}}"),
        new Case(
            "qwen3 with a null window and YaRN by the ratio of positions beside it",
            DType.F32,
            "{'model_type':'qwen3_moe',"
                + COMMON
                + "'rms_norm_eps':1e-6,'num_key_value_heads':2,'num_experts':8,"
                + "'moe_intermediate_size':16,'use_sliding_window':true,'sliding_window':null,"
                + "'original_max_position_embeddings':16,"
                + "'rope_parameters':{'rope_type':'yarn','rope_theta':10000.0,'factor':null,"
                + "'original_max_position_embeddings':32}}"),
        new Case(
            "olmoe with YaRN that is not truncated",
            DType.F32,
            "{'model_type':'olmoe',"
                + COMMON
                + "'rms_norm_eps':1e-5,'num_key_value_heads':4,'num_experts':8,"
                + "'intermediate_size':16,'rope_parameters':{'rope_type':'yarn','factor':4.0,"
                + "'rope_theta':10000.0,'original_max_position_embeddings':32,'truncate':null}}"),
        new Case(
            "qwen2 in FP8, its router and gate too, resaved without windows",
            DType.F8_E4M3,
            "{'model_type':'qwen2_moe',"
                + COMMON
                + "'rms_norm_eps':1e-6,'num_key_value_heads':2,'num_experts':8,"
                + "'moe_intermediate_size':16,'shared_expert_intermediate_size':20,"
                + "'intermediate_size':24,'use_sliding_window':false,'sliding_window':0,"
                + "'quantization_config':{'quant_method':'fp8','weight_block_size':[3,10]}}"));
  }

  /** Legal shapes at the edge of what there is. */
  static Stream<Case> shapes() {
    return Stream.of(
        new Case(
            "deepseek v3, all of its layers dense",
            DType.F32,
            "{'model_type':'deepseek_v3',"
                + LATENT.replace("_replace':1", "_replace':3")
                + "'q_lora_rank':14,'n_shared_experts':1,'n_group':4,'topk_group':2,"
                + "'norm_topk_prob':true,'routed_scaling_factor':2.5,'rope_interleave':true}"),
        new Case(
            "deepseek v3 whose values are as wide as its keys, without shared experts",
            DType.F32,
            "{'model_type':'deepseek_v3',"
                + LATENT.replace("'v_head_dim':6", "'v_head_dim':18")
                + "'q_lora_rank':14,'n_shared_experts':0,'n_group':4,'topk_group':2,"
                + "'norm_topk_prob':true,'routed_scaling_factor':2.5,'rope_interleave':true}"),
        new Case(
            "deepseek v2 whose values are wider than its keys",
            DType.F32,
            "{'model_type':'deepseek_v2',"
                + LATENT.replace("'v_head_dim':6", "'v_head_dim':24")
                + "'q_lora_rank':null,'n_shared_experts':1,'topk_method':'greedy'}"),
        new Case(
            "mixtral with one expert and a window of one token",
            DType.F32,
            "{'model_type':'mixtral',"
                + COMMON.replace("_per_tok':3", "_per_tok':1")
                + "'rms_norm_eps':1e-5,'num_key_value_heads':2,'num_local_experts':1,"
                + "'intermediate_size':16,'sliding_window':1}"),
        new Case(
            "qwen3 of odd sizes, one layer, one head, heads of two",
            DType.F32,
            "{'model_type':'qwen3_moe','vocab_size':97,'hidden_size':31,"
                + "'max_position_embeddings':64,'num_hidden_layers':1,'num_attention_heads':1,"
                + "'num_experts_per_tok':2,'rms_norm_eps':1e-6,'num_key_value_heads':1,"
                + "'head_dim':2,'num_experts':3,'moe_intermediate_size':7,"
                + "'norm_topk_prob':true}"));
  }

  private static int[] tokens(int n, long seed) {
    return new SplittableRandom(seed).ints(n, 0, 97).toArray();
  }

  @ParameterizedTest
  @MethodSource({"cases", "options", "shapes"})
  void logits_float32_areThoseOfTheOracle(Case given) throws IOException {
    RandomCheckpoint.write(folder, given.json(), given.dtype(), 7);
    int[][] rows = {tokens(21, 1), tokens(13, 2)};
    try (NaiveModel naive = new NaiveModel(folder);
        DjlModel model = DjlModels.openModel(folder, Precision.FLOAT32)) {
      for (AdapterWeights adapter :
          List.of(none(model), RandomAdapters.everywhere(model.sites(), 3, 4))) {
        naive.adapt(adapter);
        float[] logits = model.logits(adapter, rows);
        int at = 0;
        for (int[] row : rows) {
          for (double[] expected : naive.logits(row)) {
            for (int v = 0; v < expected.length; v++) {
              assertEquals(expected[v], logits[at++], 1e-4);
            }
          }
        }
      }
    }
  }

  /** The kernel goes by blocks of 512 keys: some of them are out of sight of a token. */
  @Test
  void logits_textOfManyWindows_areThoseOfTheOracle() throws IOException {
    String json =
        "{'model_type':'mixtral',"
            + COMMON.replace("_embeddings':64", "_embeddings':2048")
            + "'rms_norm_eps':1e-5,'num_key_value_heads':2,'num_local_experts':8,"
            + "'intermediate_size':16,'sliding_window':200}";
    RandomCheckpoint.write(folder, json, DType.F32, 7);
    int[] row = tokens(1_300, 1);
    try (NaiveModel naive = new NaiveModel(folder);
        DjlModel model = DjlModels.openModel(folder, Precision.FLOAT32)) {
      float[] logits = model.logits(none(model), new int[][] {row});
      int at = 0;
      for (double[] expected : naive.logits(row)) {
        for (int v = 0; v < expected.length; v++) {
          assertEquals(expected[v], logits[at++], 1e-4);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void score_expertsByEntropy_areTheOracles(Case given) throws IOException {
    RandomCheckpoint.write(folder, given.json(), given.dtype(), 10);
    List<int[]> rows = List.of(tokens(24, 5), tokens(17, 6));
    try (NaiveModel naive = new NaiveModel(folder);
        DjlModel model = DjlModels.openModel(folder, Precision.FLOAT32)) {
      AdapterWeights none = none(model);
      Routing routing = ShareCalibration.calibrate(model, none, rows, 0.3);
      naive.route(routing);
      try (LoadedAdapter loaded = model.under(routing).load(none)) {
        for (int[] row : rows) {
          float[] found = model.score(List.of(new Sequence(row, loaded))).get(0).logProbs();
          double[][] expected = naive.logits(row);
          for (int t = 0; t < found.length; t++) {
            double wanted = expected[t][row[t + 1]] - logSum(expected[t]);
            assertEquals(wanted, found[t], 1e-4, given.name());
          }
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"mixtral", "qwen3_moe"})
  void logits_fp8ExpertsInStacks_areThoseOfOneByOne(String family) throws IOException {
    String json =
        "{'model_type':'"
            + family
            + "',"
            + COMMON
            + "'num_key_value_heads':2,'num_local_experts':8,'intermediate_size':16,"
            + "'moe_intermediate_size':16,'quantization_config':{'quant_method':'fp8',"
            + "'weight_block_size':[8,10]}}";
    RandomCheckpoint.write(folder, json, DType.F8_E4M3, 12);
    Path stacked = folder.resolve("stacked");
    StackedExperts.write(folder, stacked);
    assertArrayEquals(logits(folder), logits(stacked));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void logits_headInATiedCheckpoint_isUsedWhereItIsNoCopy(boolean copy) throws IOException {
    RandomCheckpoint.write(folder, tied().json(), DType.F32, 13);
    Path other = Files.createDirectory(folder.resolve("other"));
    Files.copy(folder.resolve("config.json"), other.resolve("config.json"));
    try (Safetensors file = Safetensors.open(folder.resolve("model.safetensors"))) {
      SafetensorsWriter writer = new SafetensorsWriter();
      file.tensors().values().forEach(writer::add);
      float[] head = file.tensor("model.embed_tokens.weight").floats();
      head[5] += copy ? 0 : 1;
      writer.add("lm_head.weight", DType.F32, head, 97, 32);
      writer.write(other.resolve("model.safetensors"));
    }
    float[] found = logits(other);
    assertEquals(copy, Arrays.equals(logits(folder), found));
    try (NaiveModel naive = new NaiveModel(other)) {
      double[] expected =
          Arrays.stream(naive.logits(tokens(21, 1))).flatMapToDouble(Arrays::stream).toArray();
      for (int i = 0; i < expected.length; i++) {
        assertEquals(expected[i], found[i], 1e-4);
      }
    }
  }

  @Test
  void logits_tiedCheckpointThatHoldsTheHeadAlone_areThoseOfTheEmbeddingAlone() throws IOException {
    RandomCheckpoint.write(folder, tied().json(), DType.F32, 13);
    Path other = Files.createDirectory(folder.resolve("other"));
    Files.copy(folder.resolve("config.json"), other.resolve("config.json"));
    try (Safetensors file = Safetensors.open(folder.resolve("model.safetensors"))) {
      SafetensorsWriter writer = new SafetensorsWriter();
      for (Tensor tensor : file.tensors().values()) {
        String name = tensor.name().replace("model.embed_tokens", "lm_head");
        writer.add(name, DType.F32, tensor.floats(), tensor.shape());
      }
      writer.write(other.resolve("model.safetensors"));
    }
    assertArrayEquals(logits(folder), logits(other));
  }

  private static Case tied() {
    return cases().filter(c -> c.json().contains("'tie_word_embeddings':true")).toList().get(0);
  }

  private static float[] logits(Path folder) throws IOException {
    try (DjlModel model = DjlModels.openModel(folder, Precision.FLOAT32)) {
      return model.logits(none(model), new int[][] {tokens(21, 1)});
    }
  }

  private static double logSum(double[] logits) {
    return Math.log(Arrays.stream(logits).map(Math::exp).sum());
  }

  private static AdapterWeights none(DjlModel model) {
    return LoraWeights.initial(new LoraConfig(1, 1, false, List.of("o_proj")), model.sites(), 1);
  }

  @ParameterizedTest
  @MethodSource({"cases", "shapes"})
  void generate_float32_goesOnAsTheOracle(Case given) throws IOException {
    RandomCheckpoint.write(folder, given.json(), given.dtype(), 8);
    int[] prompt = tokens(9, 3);
    try (NaiveModel naive = new NaiveModel(folder);
        DjlModel model = DjlModels.openModel(folder, Precision.FLOAT32)) {
      int[] found =
          model.generate(List.of(new Prompt(prompt, model.noAdapter(), 12, 0, 1))).get(0).tokens();
      int[] all = prompt.clone();
      for (int i = 0; i < 12; i++) {
        double[] last = naive.logits(all)[all.length - 1];
        int best =
            IntStream.range(0, last.length)
                .reduce((a, b) -> last[b] > last[a] ? b : a)
                .orElseThrow();
        all = Arrays.copyOf(all, all.length + 1);
        all[all.length - 1] = best;
      }
      assertArrayEquals(Arrays.copyOfRange(all, 9, 21), found);
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void score_int8_isCloseToWhatTrains(Case given) throws IOException {
    RandomCheckpoint.write(folder, given.json(), given.dtype(), 9);
    for (MatrixFormat format : List.of(MatrixFormat.INT8, MatrixFormat.INT8_IN_FP16)) {
      assertServesAsTrained(format, tokens(30, 4));
    }
  }

  private void assertServesAsTrained(MatrixFormat format, int[] row) throws IOException {
    try (DjlModel model = DjlModels.openAlone(folder, format)) {
      for (AdapterWeights adapter :
          List.of(none(model), RandomAdapters.everywhere(model.sites(), 3, 4))) {
        try (LoadedAdapter loaded = model.load(adapter)) {
          TokenScores served = model.score(List.of(new Sequence(row, loaded))).get(0);
          TokenScores trained = model.scoreAsTrained(adapter, List.of(row)).get(0);
          double mean = 0;
          for (int t = 0; t < 29; t++) {
            mean += Math.abs(served.logProbs()[t] - trained.logProbs()[t]) / 29;
          }
          assertEquals(0, mean, 0.02);
        }
      }
    }
  }
}
