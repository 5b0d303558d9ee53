package dev.millrace.model.config;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Reads config.json, one {@link ConfigFamily} a model family, and writes that of OLMoE. */
public final class MoeConfigs {
  private static final List<ConfigFamily> FAMILIES =
      List.of(
          new OlmoeConfig(),
          new Qwen2MoeConfig(),
          new Qwen3MoeConfig(),
          new MixtralConfig(),
          new DeepseekV2Config(),
          new DeepseekV3Config());
  private static final String GENERATION = "generation_config.json";

  /** Half a GB, twice: a million positions of 128 features fit. */
  private static final int MAX_ANGLES = 1 << 27;

  /** Features of all heads together: a product of two sizes would not fit an int. */
  private static final int MAX_WIDTH = 1 << 24;

  private static final ObjectMapper MAPPER =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  private MoeConfigs() {}

  /**
   * Reads a config.json, be it of transformers 4 or 5. Where generation_config.json beside it names
   * what ends a text, that goes before, as it does for transformers.
   *
   * @throws InvalidConfigException if the family or one of its options is not supported
   */
  public static MoeConfig read(Path configJson) throws IOException {
    MoeConfig config = parse(configJson.toString(), Files.readAllBytes(configJson));
    Path generation = configJson.resolveSibling(GENERATION);
    return Files.exists(generation)
        ? config.withEosTokenId(eos(Files.readAllBytes(generation), config))
        : config;
  }

  private static List<Integer> eos(byte[] generationJson, MoeConfig config) {
    return JsonFields.parse(GENERATION, generationJson)
        .orElse("eos_token_id", config.eosTokenId(), json -> new CommonFields(json).eosTokens());
  }

  /** Reads the bytes of a config.json. */
  public static MoeConfig parse(byte[] configJson) {
    return parse("config.json", configJson);
  }

  private static MoeConfig parse(String where, byte[] configJson) {
    JsonFields json = JsonFields.parse(where, configJson);
    String modelType = json.text("model_type");
    MoeConfig config =
        FAMILIES.stream()
            .filter(family -> family.modelType().equals(modelType))
            .findFirst()
            .orElseThrow(() -> json.invalid("model_type", "one of " + supported()))
            .read(json);
    AttentionConfig a = config.attention();
    if ((long) a.numAttentionHeads() * (a.headDim() + a.valueHeadDim()) > MAX_WIDTH) {
      throw json.invalid(
          "num_attention_heads",
          "keys and values of all heads to have at most %d features".formatted(MAX_WIDTH));
    }
    int most = MAX_ANGLES / a.ropeDim();
    if (config.maxPositionEmbeddings() > most) {
      throw json.invalid(
          "max_position_embeddings",
          "at most %d: their rotary angles are kept in memory".formatted(most));
    }
    return config;
  }

  /**
   * Writes the config.json of an OLMoE-shaped model; HuggingFace loads it.
   *
   * @param dtype of the weights beside it, in HuggingFace's words: float32, bfloat16
   */
  public static void write(MoeConfig config, String dtype, Path configJson) throws IOException {
    Files.write(configJson, toBytes(config, dtype));
  }

  /** The bytes of a config.json. */
  public static byte[] toBytes(MoeConfig config, String dtype) {
    ObjectNode json = MAPPER.createObjectNode();
    if (!config.modelType().equals(OlmoeConfig.MODEL_TYPE)) {
      throw new InvalidConfigException(
          "model_type is %s, expected %s, the family that is written here"
              .formatted(config.modelType(), OlmoeConfig.MODEL_TYPE));
    }
    OlmoeConfig.write(config, json);
    json.put("model_type", config.modelType());
    json.put("dtype", dtype);
    json.put("torch_dtype", dtype);
    try {
      return (MAPPER.writeValueAsString(json) + "\n").getBytes(StandardCharsets.UTF_8);
    } catch (JsonProcessingException e) {
      throw new AssertionError("a tree of plain values is JSON", e);
    }
  }

  private static List<String> supported() {
    return FAMILIES.stream().map(ConfigFamily::modelType).toList();
  }
}
