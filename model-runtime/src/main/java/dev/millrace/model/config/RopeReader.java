package dev.millrace.model.config;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Set;

/**
 * Rotary embeddings in config.json: flat {@code rope_theta} and {@code rope_scaling} up to
 * transformers 4, nested {@code rope_parameters} from 5 on.
 */
final class RopeReader {
  private static final String NESTED = "rope_parameters";
  private static final String SCALING = "rope_scaling";
  private static final String THETA = "rope_theta";
  private static final String PARTIAL = "partial_rotary_factor";
  private static final String FACTOR = "factor";
  private static final String ORIGINAL = "original_max_position_embeddings";
  private static final Set<String> FIELDS =
      Set.of(
          THETA,
          PARTIAL,
          FACTOR,
          ORIGINAL,
          "rope_type",
          "type",
          "attention_factor",
          "beta_fast",
          "beta_slow",
          "mscale",
          "mscale_all_dim",
          "low_freq_factor",
          "high_freq_factor",
          "truncate");

  private final JsonFields json;
  private final JsonFields rope;
  private final double theta;
  private final int positions;

  private RopeReader(JsonFields json, JsonFields rope, double theta, int positions) {
    this.json = json;
    this.rope = rope;
    this.theta = theta;
    this.positions = positions;
  }

  /**
   * Reads what there is.
   *
   * @param theta where config.json names none
   * @param positions max_position_embeddings
   */
  static RopeReader of(JsonFields json, double theta, int positions) {
    requireWholeHeads(json);
    RopeReader nested = of(json, NESTED, theta, positions);
    if (json.isOff(SCALING)) {
      return nested;
    }
    RopeReader scaling = of(json, SCALING, theta, positions);
    if (!json.isOff(NESTED) && !scaling.isAs(nested)) {
      throw json.invalid(SCALING, "what " + NESTED + " says");
    }
    return scaling;
  }

  private static RopeReader of(JsonFields json, String name, double theta, int positions) {
    double flat = json.orElse(THETA, theta, RopeReader::theta);
    JsonFields rope = json.isOff(name) ? JsonFields.EMPTY : json.object(name);
    requireKnown(rope);
    double own = rope.orElse(THETA, flat, RopeReader::theta);
    if (json.has(THETA) && flat != own) {
      throw json.invalid(THETA, "the " + own + " of " + name);
    }
    return new RopeReader(json, rope, own, positions);
  }

  private boolean isAs(RopeReader other) {
    return config().equals(other.config()) && softmaxFactor() == other.softmaxFactor();
  }

  private static void requireKnown(JsonFields rope) {
    for (String field : rope.names()) {
      if (!FIELDS.contains(field)) {
        throw rope.invalid(field, "nothing, it is not supported");
      }
    }
    requireWholeHeads(rope);
  }

  private static void requireWholeHeads(JsonFields json) {
    if (json.has(PARTIAL) && json.number(PARTIAL, 0, 1) != 1) {
      throw json.invalid(PARTIAL, "1, heads that turn in part are not supported");
    }
  }

  private static double theta(JsonFields json) {
    return json.number(THETA, 1, 1e12);
  }

  RopeConfig config() {
    return switch (kind()) {
      case "default" -> RopeConfig.plain(theta);
      case "dynamic" -> new RopeConfig(theta, new RopeConfig.Dynamic(factor()), 1);
      case "linear" -> new RopeConfig(theta, new RopeConfig.Linear(factor()), 1);
      case "yarn" -> new RopeConfig(theta, yarn(), attentionFactor());
      case "llama3" -> new RopeConfig(theta, llama3(), 1);
      default ->
          throw rope.invalid(
              rope.has("rope_type") ? "rope_type" : "type",
              "default, linear, dynamic, yarn or llama3, other kinds are not supported");
    };
  }

  private String kind() {
    if (rope.has("rope_type")) {
      return rope.text("rope_type");
    }
    return rope.has("type") ? rope.text("type") : "default";
  }

  /** A null is, for YaRN, how often the positions of pre-training go into those that there are. */
  private double factor() {
    return kind().equals("yarn") && rope.isNull(FACTOR)
        ? (double) positions / original()
        : rope.number(FACTOR, 1, 1e6);
  }

  /** transformers prefers the one beside the object, where Phi-3 has it. */
  private int original() {
    JsonFields at = json.has(ORIGINAL) ? json : rope;
    return at.orElse(ORIGINAL, positions, j -> j.integer(ORIGINAL, 1, 1 << 30));
  }

  private double number(String name, double fallback) {
    return rope.orElse(name, fallback, j -> j.number(name, 0, 1e6));
  }

  /** How often a feature turns within the positions of pre-training. */
  private double rotations(String name, double fallback) {
    return rope.orElse(name, fallback, j -> j.number(name, 1e-6, 1e6));
  }

  private RopeConfig.Yarn yarn() {
    return new RopeConfig.Yarn(
        factor(),
        rotations("beta_fast", 32),
        rotations("beta_slow", 1),
        original(),
        rope.orElse("truncate", true, false, j -> j.bool("truncate")));
  }

  private double attentionFactor() {
    double scale = number("mscale", 0);
    double allDim = number("mscale_all_dim", 0);
    double fallback =
        scale > 0 && allDim > 0
            ? mscale(factor(), scale) / mscale(factor(), allDim)
            : mscale(factor(), 1);
    return number("attention_factor", fallback);
  }

  private static double mscale(double factor, double scale) {
    return factor <= 1 ? 1 : 0.1 * scale * Math.log(factor) + 1;
  }

  private RopeConfig.Llama3 llama3() {
    return new RopeConfig.Llama3(
        factor(), rope.number("low_freq_factor", 1e-6, 1e6),
        rope.number("high_freq_factor", 1e-6, 1e6), original());
  }

  /** What DeepSeek multiplies the scale of q·k with when positions are stretched. */
  double softmaxFactor() {
    double allDim = number("mscale_all_dim", 0);
    if (kind().equals("default") || allDim == 0) {
      return 1;
    }
    double scale = mscale(factor(), allDim);
    return scale * scale;
  }

  /** As transformers 5 reads it and, where positions are stretched, as 4 does too. */
  static void write(RopeConfig rope, ObjectNode json) {
    json.put(THETA, rope.theta());
    ObjectNode scaling = scaling(rope);
    json.putObject(NESTED).put(THETA, rope.theta()).setAll(scaling);
    if (!(rope.scaling() instanceof RopeConfig.Plain)) {
      json.set(SCALING, scaling);
    }
  }

  private static ObjectNode scaling(RopeConfig rope) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    if (rope.scaling() instanceof RopeConfig.Dynamic dynamic) {
      return json.put("rope_type", "dynamic").put(FACTOR, dynamic.factor());
    }
    if (rope.scaling() instanceof RopeConfig.Linear linear) {
      return json.put("rope_type", "linear").put(FACTOR, linear.factor());
    }
    if (rope.scaling() instanceof RopeConfig.Yarn yarn) {
      return json.put("rope_type", "yarn")
          .put(FACTOR, yarn.factor())
          .put("beta_fast", yarn.betaFast())
          .put("beta_slow", yarn.betaSlow())
          .put(ORIGINAL, yarn.original())
          .put("truncate", yarn.truncate())
          .put("attention_factor", rope.attentionFactor());
    }
    if (rope.scaling() instanceof RopeConfig.Llama3 llama3) {
      return json.put("rope_type", "llama3")
          .put(FACTOR, llama3.factor())
          .put("low_freq_factor", llama3.lowFreqFactor())
          .put("high_freq_factor", llama3.highFreqFactor())
          .put(ORIGINAL, llama3.original());
    }
    return json.put("rope_type", "default");
  }
}
