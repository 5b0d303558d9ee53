package dev.millrace.model.peft;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.core.util.Separators;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.model.config.InvalidConfigException;
import dev.millrace.model.config.JsonFields;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** adapter_config.json, as PEFT 0.20 writes it. */
final class PeftConfig {
  static final String FILE = "adapter_config.json";
  static final int MAX_RANK = 4096;

  private static final String VERSION = "0.20.0";

  /** Fields that do not change what the adapter computes, or are read by themselves. */
  private static final Set<String> READ_OR_HARMLESS =
      Set.of(
          "auto_mapping",
          "base_model_name_or_path",
          "bias",
          "inference_mode",
          "init_lora_weights",
          "lora_alpha",
          "lora_dropout",
          "megatron_core",
          "peft_type",
          "peft_version",
          "qalora_group_size",
          "r",
          "revision",
          "target_modules",
          "task_type",
          "use_rslora");

  /** Ways to start training that leave the base's weights alone, as PiSSA or OLoRA do not. */
  private static final Set<String> HARMLESS_STARTS = Set.of("gaussian", "orthogonal");

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

  private PeftConfig() {}

  /** Any option that is neither honoured nor off is an error that names it, be it known or not. */
  static LoraConfig parse(byte[] bytes) {
    JsonFields json = JsonFields.parse(FILE, bytes);
    requireText(json, "peft_type", "LORA");
    if (json.has("bias")) {
      requireText(json, "bias", "none");
    }
    if (json.has("task_type")) {
      requireText(json, "task_type", "CAUSAL_LM");
    }
    if (json.has("init_lora_weights")) {
      requireHarmlessStart(json);
    }
    for (String name : json.names()) {
      if (!READ_OR_HARMLESS.contains(name) && !json.isOff(name)) {
        throw json.invalid(name, "it absent or off, it is not supported");
      }
    }
    return new LoraConfig(
        json.integer("r", 1, MAX_RANK),
        json.orElse("lora_alpha", 8.0, j -> j.number("lora_alpha", -1e6, 1e6)),
        json.orElse("use_rslora", false, j -> j.bool("use_rslora")),
        targetModules(json));
  }

  private static void requireText(JsonFields json, String name, String expected) {
    if (!json.text(name).equals(expected)) {
      throw json.invalid(name, expected + ", nothing else is supported");
    }
  }

  /**
   * PEFT's own defaults are true and false; other names are methods, some of which edit the base.
   */
  private static void requireHarmlessStart(JsonFields json) {
    try {
      json.bool("init_lora_weights");
    } catch (InvalidConfigException notBoolean) {
      if (!HARMLESS_STARTS.contains(json.text("init_lora_weights"))) {
        throw json.invalid(
            "init_lora_weights", "true, false or one of " + new TreeSet<>(HARMLESS_STARTS));
      }
    }
  }

  private static List<String> targetModules(JsonFields json) {
    List<String> targets = json.texts("target_modules");
    TreeSet<String> sorted = new TreeSet<>(targets);
    if (sorted.isEmpty() || sorted.size() != targets.size()) {
      throw json.invalid("target_modules", "a list of different names of modules");
    }
    return List.copyOf(sorted);
  }

  /** Sorted keys and Python's layout, without a newline at the end. */
  static byte[] toBytes(LoraConfig config, String baseName) {
    ObjectNode json = new ObjectMapper().createObjectNode();
    NULLS.forEach(json::putNull);
    json.putObject("alpha_pattern");
    json.put("base_model_name_or_path", baseName);
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
    json.put("peft_type", "LORA");
    json.put("peft_version", VERSION);
    json.put("qalora_group_size", 16);
    json.put("r", config.rank());
    json.putObject("rank_pattern");
    ArrayNode targets = json.putArray("target_modules");
    config.targetModules().forEach(targets::add);
    json.putArray("target_parameters");
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
