package dev.millrace.model.config;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Set;

/**
 * Rotary embeddings in config.json: flat {@code rope_theta} and {@code rope_scaling} up to
 * transformers 4, nested {@code rope_parameters} from 5 on. Only the default kind is supported.
 */
final class Rope {
  private static final String NESTED = "rope_parameters";
  private static final String SCALING = "rope_scaling";
  private static final String THETA = "rope_theta";
  private static final String FACTOR = "partial_rotary_factor";
  private static final Set<String> KINDS = Set.of("rope_type", "type");

  private Rope() {}

  static double theta(JsonFields json, double fallback) {
    requireDefault(json, NESTED);
    requireDefault(json, SCALING);
    double flat = json.orElse(THETA, fallback, Rope::flatTheta);
    if (!json.has(NESTED)) {
      return flat;
    }
    double nested = json.object(NESTED).orElse(THETA, flat, Rope::flatTheta);
    if (json.has(THETA) && flat != nested) {
      throw json.invalid(THETA, "the " + nested + " of " + NESTED);
    }
    return nested;
  }

  static void write(double theta, ObjectNode json) {
    json.put(THETA, theta);
    json.putObject(NESTED).put(THETA, theta).put("rope_type", "default");
  }

  private static double flatTheta(JsonFields json) {
    return json.number(THETA, 1, 1e12);
  }

  private static void requireDefault(JsonFields json, String name) {
    if (!json.has(name)) {
      return;
    }
    JsonFields rope = json.object(name);
    for (String field : rope.names()) {
      if (KINDS.contains(field)) {
        if (!rope.text(field).equals("default")) {
          throw rope.invalid(field, "default, other kinds are not supported");
        }
      } else if (field.equals(FACTOR)) {
        rope.number(FACTOR, 1, 1);
      } else if (!field.equals(THETA)) {
        throw rope.invalid(field, "nothing, it is not supported");
      }
    }
  }
}
