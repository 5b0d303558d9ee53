package dev.millrace.model.peft;

import dev.millrace.model.config.InvalidConfigException;
import dev.millrace.model.config.JsonFields;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiFunction;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What an adapter_config.json says, before its rules meet the names of a base.
 *
 * @param plain without targets
 * @param parameters target_parameters
 * @param version peft_version; empty before PEFT 0.18
 */
record PeftConfig(LoraConfig plain, TargetRules rules, Set<String> parameters, String version) {
  static final String FILE = "adapter_config.json";
  static final String TYPE = "LORA";
  static final int MAX_RANK = 4096;

  private static final double MAX_ALPHA = 1e6;
  private static final String ALL_LINEAR = "all-linear";

  /** Fields that do not change what the adapter computes, or are read by themselves. */
  private static final Set<String> READ_OR_HARMLESS =
      Set.of(
          "alpha_pattern",
          "auto_mapping",
          "base_model_name_or_path",
          "bias",
          "eva_config",
          "exclude_modules",
          "inference_mode",
          "init_lora_weights",
          "layers_pattern",
          "layers_to_transform",
          "lora_alpha",
          "lora_dropout",
          "megatron_core",
          "peft_type",
          "peft_version",
          "qalora_group_size",
          "r",
          "rank_pattern",
          "revision",
          "target_modules",
          "target_parameters",
          "task_type",
          "use_rslora");

  /** Ways to start training that leave the base's weights alone, as PiSSA or OLoRA do not. */
  private static final Set<String> HARMLESS_STARTS = Set.of("eva", "gaussian", "orthogonal");

  /** Any option that is neither honoured nor off is an error that names it, be it known or not. */
  static PeftConfig parse(byte[] bytes) {
    JsonFields json = JsonFields.parse(FILE, bytes);
    requireText(json, "peft_type", TYPE);
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
    Steps steps = Steps.ofOneFolder();
    return new PeftConfig(
        plain(json, steps),
        rules(json, steps),
        parameters(json),
        json.orElse("peft_version", "", j -> j.text("peft_version")));
  }

  private static LoraConfig plain(JsonFields json, Steps steps) {
    return new LoraConfig(
        json.orElse("r", 8, j -> j.integer("r", 1, MAX_RANK)),
        json.orElse("lora_alpha", 8.0, j -> j.number("lora_alpha", -MAX_ALPHA, MAX_ALPHA)),
        json.orElse("use_rslora", false, j -> j.bool("use_rslora")),
        List.of(),
        List.of(),
        pattern(json, steps, "rank_pattern", (ranks, name) -> ranks.integer(name, 1, MAX_RANK)),
        pattern(
            json,
            steps,
            "alpha_pattern",
            (alphas, name) -> alphas.number(name, -MAX_ALPHA, MAX_ALPHA)),
        ExpertLayout.PARAMETERS);
  }

  private static <T> ByPattern<T> pattern(
      JsonFields json, Steps steps, String field, BiFunction<JsonFields, String, T> value) {
    Map<String, T> pattern = new LinkedHashMap<>();
    if (json.has(field)) {
      JsonFields fields = json.object(field);
      for (String name : fields.names()) {
        if (name.indexOf('\n') >= 0) {
          throw json.invalid(field, "patterns of one line");
        }
        pattern.put(name, value.apply(fields, name));
      }
    }
    return new ByPattern<>(field, pattern, steps);
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

  private static TargetRules rules(JsonFields json, Steps steps) {
    boolean text = json.isText("target_modules");
    if (text && json.has("layers_to_transform")) {
      throw json.invalid("layers_to_transform", "it absent where target_modules is a pattern");
    }
    return new TargetRules(
        text ? regex(json, "target_modules", steps) : null,
        text ? Set.of() : targetModules(json),
        json.isText("exclude_modules") ? regex(json, "exclude_modules", steps) : null,
        json.isText("exclude_modules") ? Set.of() : textsOrNone(json, "exclude_modules"),
        layers(json),
        layersPatterns(json, steps));
  }

  private static NamePattern regex(JsonFields json, String name, Steps steps) {
    String text = json.text(name);
    return name.equals("target_modules") && text.toLowerCase(Locale.ROOT).equals(ALL_LINEAR)
        ? TargetRules.ALL
        : new NamePattern(name, text, steps);
  }

  private static Set<String> textsOrNone(JsonFields json, String name) {
    return json.has(name) ? new TreeSet<>(json.texts(name)) : Set.of();
  }

  private static Set<String> targetModules(JsonFields json) {
    Set<String> targets = textsOrNone(json, "target_modules");
    if (targets.isEmpty() && parameters(json).isEmpty()) {
      throw json.invalid("target_modules", "a list of names of modules");
    }
    return targets;
  }

  private static Set<String> parameters(JsonFields json) {
    return textsOrNone(json, "target_parameters");
  }

  private static @Nullable Set<String> layers(JsonFields json) {
    String name = "layers_to_transform";
    if (json.isOff(name)) {
      return null;
    }
    int most = 1 << 20;
    int[] layers =
        json.isList(name) ? json.integers(name, 0, most) : new int[] {json.integer(name, 0, most)};
    return Arrays.stream(layers).mapToObj(Integer::toString).collect(Collectors.toSet());
  }

  private static List<NamePattern> layersPatterns(JsonFields json, Steps steps) {
    String name = "layers_pattern";
    if (json.isOff(name)) {
      return List.of(TargetRules.ANY_LAYERS);
    }
    if (json.isOff("layers_to_transform")) {
      throw json.invalid(name, "it absent without layers_to_transform");
    }
    List<String> texts = json.isText(name) ? List.of(json.text(name)) : json.texts(name);
    List<NamePattern> patterns = new ArrayList<>();
    texts.forEach(text -> patterns.add(TargetRules.layers(text, steps)));
    return patterns;
  }
}
