package dev.millrace.model.peft;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.core.util.Separators;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.TreeSet;

/** Writes adapter_config.json as PEFT 0.20 does. */
final class PeftConfigWriter {

  private static final String VERSION = "0.20.0";

  private static final List<String> NULLS =
      List.of(
          "alora_invocation_tokens",
          "arrow_config",
          "auto_mapping",
          "corda_config",
          "eva_config",
          "exclude_modules",
          "kasa_config",
          "layer_replication",
          "layers_pattern",
          "layers_to_transform",
          "lora_ga_config",
          "megatron_config",
          "modules_to_save",
          "monteclora_config",
          "revision",
          "trainable_token_indices",
          "use_bdlora",
          "velora_config");

  private PeftConfigWriter() {}

  /** Sorted keys and Python's layout, without a newline at the end. */
  static byte[] toBytes(LoraConfig config, String baseName) {
    ObjectNode json = new ObjectMapper().createObjectNode();
    NULLS.forEach(json::putNull);
    ObjectNode alphas = json.putObject("alpha_pattern");
    config.alphaPattern().values().forEach((name, alpha) -> putNumber(alphas, name, alpha));
    json.put("base_model_name_or_path", baseName.isEmpty() ? null : baseName);
    json.put("bias", "none");
    json.put("ensure_weight_tying", false);
    json.put("fan_in_fan_out", false);
    json.put("inference_mode", true);
    json.put("init_lora_weights", true);
    json.putObject("loftq_config");
    putNumber(json, "lora_alpha", config.alpha());
    json.put("lora_bias", false);
    json.put("lora_dropout", 0.0);
    json.put("megatron_core", "megatron.core");
    json.put("peft_type", PeftConfig.TYPE);
    json.put("peft_version", VERSION);
    json.put("qalora_group_size", 16);
    json.put("r", config.rank());
    ObjectNode ranks = json.putObject("rank_pattern");
    config.rankPattern().values().forEach(ranks::put);
    ArrayNode targets = json.putArray("target_modules");
    config.targetModules().forEach(targets::add);
    ArrayNode parameters = json.putArray("target_parameters");
    config.targetParameters().forEach(parameters::add);
    json.put("task_type", "CAUSAL_LM");
    json.put("use_dora", false);
    json.put("use_qalora", false);
    json.put("use_rslora", config.rsLora());
    return print(sorted(json)).getBytes(StandardCharsets.UTF_8);
  }

  private static void putNumber(ObjectNode json, String name, double value) {
    if (value == Math.rint(value)) {
      json.put(name, (long) value);
    } else {
      json.put(name, value);
    }
  }

  private static ObjectNode sorted(ObjectNode json) {
    ObjectNode sorted = json.objectNode();
    TreeSet<String> names = new TreeSet<>();
    json.fieldNames().forEachRemaining(names::add);
    names.forEach(name -> sorted.set(name, json.get(name)));
    return sorted;
  }

  private static String print(ObjectNode json) {
    Separators separators =
        Separators.createDefaultInstance()
            .withObjectFieldValueSpacing(Separators.Spacing.AFTER)
            .withObjectEmptySeparator("")
            .withArrayEmptySeparator("");
    DefaultPrettyPrinter printer = new DefaultPrettyPrinter(separators);
    DefaultIndenter lines = new DefaultIndenter("  ", "\n");
    printer.indentArraysWith(lines);
    printer.indentObjectsWith(lines);
    try {
      return new ObjectMapper().writer(printer).writeValueAsString(json);
    } catch (JsonProcessingException e) {
      throw new AssertionError("a tree of plain values is JSON", e);
    }
  }
}
