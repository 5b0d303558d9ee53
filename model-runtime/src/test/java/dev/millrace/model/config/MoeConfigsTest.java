package dev.millrace.model.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MoeConfigsTest {
  private static final MoeConfig TINY =
      MoeConfig.olmoe(new MoeConfig.OlmoeShape(320, 64, 32, 3, 4, 16, 2, 128));

  @Test
  void read_configOfTransformers5_isUnderstood() throws IOException {
    assertEquals(
        TINY, MoeConfigs.read(Path.of("src/test/resources/golden/olmoe-tiny/config.json")));
  }

  @Test
  void read_configThatIsNone_namesTheFile(@TempDir Path folder) throws IOException {
    Path config = Files.writeString(folder.resolve("config.json"), "{}");
    InvalidConfigException e =
        assertThrows(InvalidConfigException.class, () -> MoeConfigs.read(config));
    assertEquals(config + ": model_type is absent, expected a value", e.getMessage());
  }

  @Test
  void parse_absentFields_takesDefaultsOfOlmoe() {
    assertEquals(
        MoeConfig.olmoe(new MoeConfig.OlmoeShape(50304, 2048, 2048, 16, 16, 64, 8, 4096)),
        parse("{'model_type':'olmoe','eos_token_id':null}"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "'model_type':'olmoe' | [50279]",
        "'model_type':'qwen3_moe' | []",
        "'model_type':'mixtral' | [2]",
        "'model_type':'deepseek_v2','num_experts_per_tok':6 | [2]",
        "'model_type':'deepseek_v3' | [1]",
        "'model_type':'deepseek_v3','eos_token_id':null | []",
        "'model_type':'qwen2_moe','eos_token_id':151643 | [151643]",
        "'model_type':'qwen3_moe','eos_token_id':[151645,151643] | [151645, 151643]",
      })
  void parse_tokensThatEndATextOneManyOrNone_areRead(String fields, String ids) {
    assertEquals(ids, parse("{" + fields + "}").eosTokenId().toString());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'eos_token_id':[7,3],'temperature':0.6} | [7, 3]",
        "{'eos_token_id':9} | [9]",
        "{'eos_token_id':[7,50279]} | [7, 50279]",
        "{'eos_token_id':null} | [5]",
        "{'_from_model_config':true} | [5]",
      })
  void read_generationConfig_saysWhatEndsAText(String json, String ids, @TempDir Path folder)
      throws IOException {
    assertEquals(ids, readWith(json, folder).eosTokenId().toString());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'eos_token_id':'</s>'} | \"</s>\"",
        "{'eos_token_id':-2} | -2",
      })
  void read_generationConfigThatNamesNoTokens_isNamed(
      String json, String value, @TempDir Path folder) {
    InvalidConfigException e =
        assertThrows(InvalidConfigException.class, () -> readWith(json, folder));
    assertTrue(
        e.getMessage()
            .startsWith("generation_config.json: eos_token_id is " + value + ", expected "),
        e::getMessage);
  }

  private static MoeConfig readWith(String generation, Path folder) throws IOException {
    Path config = folder.resolve("config.json");
    Files.write(config, MoeConfigs.toBytes(TINY.withEosTokenId(List.of(5)), "float32"));
    Files.writeString(folder.resolve("generation_config.json"), generation.replace('\'', '"'));
    return MoeConfigs.read(config);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "`` | true",
        ",'transformers_version':null | true",
        ",'transformers_version':'4.33.1' | true",
        ",'transformers_version':'4.53.3' | true",
        ",'transformers_version':'4.54.0' | false",
        ",'transformers_version':'4.57.6' | false",
        ",'transformers_version':'5.0.0rc1' | false",
        ",'transformers_version':'5.3.0.dev0' | false",
        ",'transformers_version':'5.14.1' | false",
        ",'transformers_version':'5.15.0' | true",
        ",'transformers_version':'5.20.0' | true",
      })
  void parse_stretchedDeepseekV2_scalesAsTheTransformersThatWroteIt(
      String version, boolean stretched) {
    AttentionConfig attention =
        parse(
                "{'model_type':'deepseek_v2','num_experts_per_tok':6,'rope_scaling':{'type':'yarn',"
                    + "'factor':40,'mscale':0.707,'mscale_all_dim':0.707}"
                    + version
                    + "}")
            .attention();
    double mscale = stretched ? 0.1 * 0.707 * Math.log(40) + 1 : 1;
    assertEquals(mscale * mscale / Math.sqrt(192), attention.scale(), 1e-12);
  }

  @Test
  void parse_absentFields_takesDefaultsOfDeepseek() {
    MoeConfig v2 = parse("{'model_type':'deepseek_v2','num_experts_per_tok':6}");
    assertEquals(List.of(32000, 4096, 11008, 2048), sizes(v2));
    assertEquals(new ExpertsConfig(1407, 2 * 1407, false), v2.experts());
    assertEquals(new LatentConfig(1536, 512, 128, 64, true), v2.attention().latent());
    assertEquals(Collections.nCopies(32, LayerConfig.SPARSE), v2.layers());
    assertEquals(32, v2.attention().numAttentionHeads());
    assertEquals(64, v2.router().numExperts());
    MoeConfig v3 = parse("{'model_type':'deepseek_v3'}");
    assertEquals(List.of(129280, 7168, 18432, 4096), sizes(v3));
    assertEquals(new ExpertsConfig(2048, 2048, false), v3.experts());
    assertEquals(new LatentConfig(1536, 512, 128, 64, true), v3.attention().latent());
    assertEquals(58, v3.layers().stream().filter(LayerConfig::sparse).count());
    assertEquals(128, v3.attention().numAttentionHeads());
    assertEquals(256, v3.router().numExperts());
  }

  private static List<Integer> sizes(MoeConfig config) {
    return List.of(
        config.vocabSize(),
        config.hiddenSize(),
        config.intermediateSize(),
        config.maxPositionEmbeddings());
  }

  @ParameterizedTest
  @ValueSource(strings = {"deepseek_v2", "deepseek_v3"})
  void parse_nullWhereDeepseekHasADefault_meansNone(String family) {
    MoeConfig config =
        parse(
            "{'model_type':'"
                + family
                + "','num_experts_per_tok':6,'n_shared_experts':null,'q_lora_rank':null}");
    assertEquals(0, config.experts().sharedIntermediateSize());
    assertEquals(0, config.attention().latent().qLoraRank());
  }

  @ParameterizedTest
  @CsvSource({"olmoe, 16, 16", "qwen2_moe, 16, 16", "qwen3_moe, 4, 32", "mixtral, 8, 32"})
  void parse_keyValueHeadsAbsentOrNull_areTheFamilysOrOneAHead(
      String family, int absent, int none) {
    String config = "{'model_type':'" + family + "'";
    assertEquals(absent, parse(config + "}").attention().numKeyValueHeads());
    assertEquals(
        none, parse(config + ",'num_key_value_heads':null}").attention().numKeyValueHeads());
  }

  @ParameterizedTest
  @ValueSource(strings = {"'hidden_act':'swish'", "'architectures':[]", "'architectures':null"})
  void parse_otherWordsForADefault_areIt(String fields) {
    assertEquals(parse("{'model_type':'olmoe'}"), parse("{'model_type':'olmoe'," + fields + "}"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "'use_sliding_window':true | 4096",
        "'use_sliding_window':true,'sliding_window':7 | 7",
        "'use_sliding_window':true,'sliding_window':null | 2147483647",
        "'use_sliding_window':false,'sliding_window':7 | 2147483647",
        "'use_sliding_window':false,'sliding_window':0 | 2147483647",
      })
  void parse_windowOfQwen_isReadWhereItIsUsed(String fields, int window) {
    for (String family : List.of("qwen2_moe", "qwen3_moe")) {
      MoeConfig config = parse("{'model_type':'" + family + "'," + fields + "}");
      assertEquals(window, config.layers().get(0).slidingWindow(), family);
    }
  }

  @Test
  void parse_noLayerBelowMaxWindowLayers_hasNoWindow() {
    MoeConfig config =
        parse("{'model_type':'qwen2_moe','use_sliding_window':true,'max_window_layers':0}");
    assertEquals(LayerConfig.NO_WINDOW, config.layers().get(0).slidingWindow());
  }

  @Test
  void parse_fp8WithoutBlockSize_takesTransformersDefault() {
    MoeConfig config = parse("{'model_type':'olmoe','quantization_config':{'quant_method':'fp8'}}");
    assertEquals(new Fp8Blocks(128, 128), config.fp8());
  }

  @Test
  void parse_nullFlag_isOff() {
    assertFalse(
        parse("{'model_type':'deepseek_v3','norm_topk_prob':null}").router().normTopkProb());
    assertTrue(parse("{'model_type':'deepseek_v3'}").router().normTopkProb());
  }

  @Test
  void parse_optionsThatChangeTheMathematics_areRead() {
    MoeConfig config =
        parse(
            "{'model_type':'olmoe','norm_topk_prob':true,'clip_qkv':8.0,'num_key_value_heads':4,"
                + "'tie_word_embeddings':true}");
    assertTrue(config.router().normTopkProb());
    assertTrue(config.tieWordEmbeddings());
    assertEquals(8.0, config.attention().clipQkv());
    assertEquals(4, config.attention().numKeyValueHeads());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "'rope_theta':500000.0,'rope_scaling':null",
        "'rope_theta':500000,'rope_scaling':{'type':'default'}",
        "'rope_parameters':{'rope_theta':500000.0,'rope_type':'default'}",
        "'rope_parameters':{'rope_type':'default'},'rope_theta':500000.0",
        "'rope_parameters':{'rope_theta':500000.0},'rope_theta':500000.0",
        "'rope_theta':500000.0,'rope_scaling':{'type':'default'},'rope_parameters':{'rope_type':'default'}",
        "'rope_scaling':{},'rope_parameters':{'rope_theta':500000.0}",
      })
  void parse_ropeOldOrNew_isTheSame(String rope) {
    assertEquals(RopeConfig.plain(5e5), parse("{'model_type':'olmoe'," + rope + "}").rope());
  }

  @Test
  void write_dynamicPositions_areReadAgain(@TempDir Path folder) throws IOException {
    RopeConfig rope = new RopeConfig(1e4, new RopeConfig.Dynamic(4), 1);
    String scaling = "'rope_scaling':{'type':'dynamic','factor':4.0}";
    MoeConfig config = parse("{'model_type':'olmoe'," + scaling + "}");
    assertEquals(rope, config.rope());
    Path file = folder.resolve("config.json");
    MoeConfigs.write(config, "float32", file);
    assertEquals(rope, MoeConfigs.read(file).rope());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "'model_type':'llama' | model_type is \"llama\", expected one of [olmoe",
        "'hidden_size':64 | model_type is absent",
        "'model_type':'olmoe','model_type':'olmoe' | Duplicate field 'model_type'",
        "'model_type':'olmoe','mlp_bias':true | mlp_bias is true",
        "'model_type':'mixtral','is_causal':false | is_causal is false, expected it absent or true",
        "'model_type':'qwen3_moe','is_causal':null | is_causal is null, expected it absent or true",
        "'model_type':'deepseek_v3','per_layer_config':{'03':{'num_experts_per_tok':2}} | per_layer_config is {",
        "'model_type':'olmoe','transformers_weights':'mine.safetensors' | transformers_weights is \"mine.saf",
        "'model_type':'deepseek_v3','moe_layer_freq':2 | moe_layer_freq is 2",
        "'model_type':'deepseek_v3','topk_method':'greedy' | topk_method is \"greedy\", expected noaux_tc",
        "'model_type':'deepseek_v3','n_group':7 | n_group is 7, expected a divisor of n_routed_experts 256",
        "'model_type':'deepseek_v3','topk_group':9 | topk_group is 9, expected at most n_group 8",
        "'model_type':'deepseek_v3','n_routed_experts':16,'num_experts_per_tok':17 | num_experts_per_tok is 17",
        "'model_type':'qwen3_moe','num_experts':8,'num_local_experts':16 | num_local_experts is 16, expected 8",
        "'model_type':'deepseek_v2' | num_experts_per_tok is absent",
        "'model_type':'deepseek_v2','num_experts_per_tok':6,'topk_method':'group_limited_greedy' | n_group is absent",
        "'model_type':'deepseek_v2','num_experts_per_tok':6,'num_key_value_heads':8 | num_key_value_heads is 8, expected num_attention_heads 32",
        "'model_type':'deepseek_v2','scoring_func':'sigmoid' | scoring_func is \"sigmoid\", expected softmax",
        "'model_type':'qwen3_moe','mlp_only_layers':[-1] | mlp_only_layers is [-1]",
        "'model_type':'qwen2_moe','use_sliding_window':true,'layer_types':['full_attention'] | layer_types is [\"full_attention\"], expected full_attention or sliding_attention, 24 times",
        "'model_type':'qwen2_moe','num_hidden_layers':1,'use_sliding_window':true,'layer_types':['linear_attention'] | layer_types is [\"linear_attention\"]",
        "'model_type':'mixtral','head_dim':33 | head_dim is 33",
        "'model_type':'olmoe','hidden_size':64,'num_attention_heads':51616,'head_dim':83210,'max_position_embeddings':128 | num_attention_heads is 51616, expected keys and values",
        "'model_type':'deepseek_v2','num_experts_per_tok':6,'num_attention_heads':16777216 | num_attention_heads is 16777216, expected keys",
        "'model_type':'olmoe','max_position_embeddings':16777216 | max_position_embeddings is 16777216, expected at most 1048576",
        "'model_type':'deepseek_v3','max_position_embeddings':2097153 | expected at most 2097152: their rotary angles",
        "'model_type':'olmoe','hidden_act':'gelu' | hidden_act is \"gelu\", expected silu or swish",
        "'model_type':'olmoe','rope_scaling':{'type':'longrope','factor':2} | rope_scaling: type is \"longrope\"",
        "'model_type':'olmoe','rope_parameters':{'rope_type':'yarn'} | rope_parameters: factor is absent",
        "'model_type':'olmoe','rope_parameters':{'rope_type':'linear','factor':null} | rope_parameters: factor is null",
        "'model_type':'olmoe','rope_parameters':{'rope_type':'yarn','factor':2,'beta_fast':0} | beta_fast is 0",
        "'model_type':'olmoe','rope_parameters':{'rope_type':'default','partial_rotary_factor':0.5} | partial_rotary_factor is 0.5, expected 1, heads",
        "'model_type':'olmoe','rope_parameters':{'full_attention':{}} | full_attention is {}",
        "'model_type':'olmoe','rope_parameters':{'rope_theta':10.0},'rope_theta':20.0 | rope_theta is 20.0, expected the 10.0",
        "'model_type':'olmoe','rope_scaling':{'type':'linear','factor':2},'rope_parameters':{'rope_type':'linear','factor':4} | rope_scaling is {",
        "'model_type':'olmoe','rope_scaling':{'type':'default'},'rope_parameters':{'rope_theta':20.0} | expected what rope_parameters says",
        "'model_type':'olmoe','quantization_config':{'bits':4} | quantization_config is {\"bits\":4}",
        "'model_type':'olmoe','quantization_config':{'quant_method':'fp8','weight_block_size':null} | weight_block_size is null",
        "'model_type':'olmoe','quantization_config':{'quant_method':'fp8','weight_block_size':[8]} | weight_block_size is [8], expected two",
        "'model_type':'olmoe','architectures':['OlmoeForSequenceClassification'] | architectures",
        "'model_type':'olmoe','hidden_size':-1 | hidden_size is -1, expected an integer from 1",
        "'model_type':'olmoe','hidden_size':64.0 | hidden_size is 64.0",
        "'model_type':'olmoe','hidden_size':'64' | hidden_size is \"64\"",
        "'model_type':'olmoe','hidden_size':100 | to divide hidden_size 100",
        "'model_type':'olmoe','head_dim':64 | to divide hidden_size 2048",
        "'model_type':'olmoe','num_key_value_heads':3 | num_key_value_heads is 3",
        "'model_type':'olmoe','num_experts_per_tok':65 | num_experts_per_tok is 65",
        "'model_type':'olmoe','norm_topk_prob':1 | norm_topk_prob is 1, expected true or false",
        "'model_type':'olmoe','rms_norm_eps':0 | rms_norm_eps is 0",
        "'model_type':'olmoe','rms_norm_eps':1e999 | rms_norm_eps is",
        "'model_type':'olmoe','clip_qkv':-1 | clip_qkv is -1",
        "'model_type':'olmoe','eos_token_id':'</s>' | eos_token_id is \"</s>\"",
        "'model_type':'olmoe','rms_norm_eps':NaN | Non-standard token 'NaN'",
      })
  void parse_whatCannotBeHonoured_isNamed(String fields, String message) {
    InvalidConfigException e =
        assertThrows(InvalidConfigException.class, () -> parse("{" + fields + "}"));
    assertTrue(e.getMessage().contains(message), e::getMessage);
  }

  @Test
  void toBytes_anyConfig_readsBack() {
    MoeConfig odd =
        parse(
            "{'model_type':'olmoe','vocab_size':4096,'hidden_size':192,'num_key_value_heads':4,"
                + "'norm_topk_prob':true,'rms_norm_eps':1e-6,'rope_theta':5e5,'clip_qkv':7.5,"
                + "'tie_word_embeddings':true,'attention_bias':true}");
    MoeConfig chat = TINY.withEosTokenId(List.of(3, 5));
    assertEquals(TINY, MoeConfigs.parse(MoeConfigs.toBytes(TINY, "bfloat16")));
    assertEquals(chat, MoeConfigs.parse(MoeConfigs.toBytes(chat, "bfloat16")));
    assertEquals(odd, MoeConfigs.parse(MoeConfigs.toBytes(odd, "float32")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "'type':'linear','factor':2.5",
        "'type':'yarn','factor':4,'beta_fast':16,'truncate':false,'mscale':0.7,'mscale_all_dim':1",
        "'type':'yarn','factor':4,'original_max_position_embeddings':1024",
        "'type':'llama3','factor':8,'low_freq_factor':1,'high_freq_factor':4",
      })
  void toBytes_stretchedPositions_readBack(String scaling) {
    MoeConfig stretched =
        parse("{'model_type':'olmoe','rope_theta':5e5,'rope_scaling':{" + scaling + "}}");
    assertEquals(stretched, MoeConfigs.parse(MoeConfigs.toBytes(stretched, "float32")));
  }

  @ParameterizedTest
  @CsvSource({"'', true", "',\"truncate\":true', true", "',\"truncate\":null', false"})
  void parse_rampOfYarn_isOfWholeFeaturesUnlessTruncateIsThereAndOff(String field, boolean whole) {
    String yarn = "{'rope_type':'yarn','factor':4" + field + "}";
    RopeConfig rope = parse("{'model_type':'mixtral','rope_parameters':" + yarn + "}").rope();
    assertEquals(whole, ((RopeConfig.Yarn) rope.scaling()).truncate());
  }

  @Test
  void mostExperts_moreThanTheOpenGroupsHold_isTheTopK() {
    String config = "{'model_type':'deepseek_v3','n_routed_experts':16,'topk_group':4,";
    assertEquals(8, parse(config + "'num_experts_per_tok':5}").router().mostExperts());
    assertEquals(12, parse(config + "'num_experts_per_tok':12}").router().mostExperts());
  }

  private static MoeConfig parse(String json) {
    return MoeConfigs.parse(json.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
  }
}
