package dev.millrace.job.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.NullNode;
import dev.millrace.schema.wire.ErrorLine;
import dev.millrace.schema.wire.StrictJson;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The fields of a JSON body, each asked for once; what nobody asked for is refused by name. */
final class Fields {

  static final ObjectMapper JSON = StrictJson.MAPPER;

  private final JsonNode object;
  private final Set<String> read = new HashSet<>();

  private Fields(JsonNode object) {
    this.object = object;
  }

  /**
   * Reads a body.
   *
   * @throws ApiProblem if it is not a JSON object, or holds text that UTF-8 has no bytes for
   */
  static Fields of(String body) {
    JsonNode node;
    try {
      node = JSON.readTree(body);
    } catch (JsonProcessingException e) {
      throw ApiProblem.bad("invalid_json", "the body is not JSON: " + ErrorLine.of(e));
    }
    if (!node.isObject()) {
      throw ApiProblem.bad("invalid_json", "the body is no JSON object");
    }
    String broken = notUnicode(node);
    if (broken != null) {
      throw ApiProblem.badField(
          broken.startsWith(".") ? broken.substring(1) : broken,
          "text with half a surrogate pair",
          "Unicode text");
    }
    return new Fields(node);
  }

  /**
   * The place of a text with half a surrogate pair, as an escape may write it, which would be asked
   * about as a question mark; null if there is none. Only then are names put together: each may be
   * long, and under it may be many.
   */
  private static @Nullable String notUnicode(JsonNode node) {
    if (node.isTextual() && !UTF_8.newEncoder().canEncode(node.textValue())) {
      return "";
    }
    for (int i = 0; node.isArray() && i < node.size(); i++) {
      String within = notUnicode(node.get(i));
      if (within != null) {
        return "[" + i + "]" + within;
      }
    }
    for (Map.Entry<String, JsonNode> field : node.properties()) {
      String within = notUnicode(field.getValue());
      if (within != null) {
        return "." + field.getKey() + within;
      }
    }
    return null;
  }

  /** An object in a field; without one, an object with no fields. */
  Fields object(String name) {
    JsonNode found = node(name);
    if (!found.isNull() && !found.isObject()) {
      throw ApiProblem.badField(name, found.toString(), "an object");
    }
    return new Fields(found);
  }

  private JsonNode node(String name) {
    read.add(name);
    JsonNode found = object.get(name);
    return found == null ? NullNode.instance : found;
  }

  String text(String name) {
    String found = textOrNull(name);
    if (found == null) {
      throw ApiProblem.badField(name, "missing", "text");
    }
    return found;
  }

  @Nullable String textOrNull(String name) {
    return value(name, JsonNode::isTextual, JsonNode::textValue, "text").orElse(null);
  }

  /** The field's value, if it is there; any other than what is expected is refused. */
  private <T> Optional<T> value(
      String name, Predicate<JsonNode> fits, Function<JsonNode, T> read, String expected) {
    JsonNode found = node(name);
    if (!found.isNull() && !fits.test(found)) {
      throw ApiProblem.badField(name, found.toString(), expected);
    }
    return found.isNull() ? Optional.empty() : Optional.of(read.apply(found));
  }

  /** A text, or a list of texts. */
  List<String> texts(String name) {
    JsonNode found = node(name);
    if (found.isNull()) {
      return List.of();
    }
    if (found.isTextual()) {
      return List.of(found.textValue());
    }
    List<String> texts = new ArrayList<>();
    for (JsonNode text : found) {
      if (!text.isTextual()) {
        throw ApiProblem.badField(name, text.toString(), "text");
      }
      texts.add(text.textValue());
    }
    if (!found.isArray()) {
      throw ApiProblem.badField(name, found.toString(), "a text or a list of texts");
    }
    return texts;
  }

  /** A value, or those of a list; none without the field. */
  List<JsonNode> list(String name) {
    JsonNode found = node(name);
    if (found.isNull()) {
      return List.of();
    }
    if (!found.isArray()) {
      return List.of(found);
    }
    List<JsonNode> values = new ArrayList<>();
    found.forEach(values::add);
    return values;
  }

  List<JsonNode> objects(String name) {
    JsonNode found = node(name);
    List<JsonNode> objects = new ArrayList<>();
    found.forEach(objects::add);
    if (!found.isArray() || objects.isEmpty()) {
      throw ApiProblem.badField(name, found.toString(), "a list of objects");
    }
    return objects;
  }

  int integer(String name, int otherwise) {
    return value(
            name,
            found -> found.isIntegralNumber() && found.canConvertToInt(),
            JsonNode::intValue,
            "an integer")
        .orElse(otherwise);
  }

  @Nullable Long longOrNull(String name) {
    return value(
            name,
            found -> found.isIntegralNumber() && found.canConvertToLong(),
            JsonNode::longValue,
            "an integer of 64 bits")
        .orElse(null);
  }

  /** An integer; null without one, or where {@code false} says that there is none. */
  @Nullable Long longOrFalse(String name) {
    return node(name).equals(BooleanNode.FALSE) ? null : longOrNull(name);
  }

  double decimal(String name, double otherwise) {
    return value(name, JsonNode::isNumber, JsonNode::doubleValue, "a number").orElse(otherwise);
  }

  boolean bool(String name) {
    return value(name, JsonNode::isBoolean, JsonNode::booleanValue, "true or false").orElse(false);
  }

  /** Fields that say nothing about the answer. */
  void ignore(String... names) {
    read.addAll(List.of(names));
  }

  /** Fields that may be there with the value that changes nothing, given as JSON. */
  void requireDefault(String name, String value) {
    JsonNode found = node(name);
    if (!found.isNull() && !found.toString().equals(value) && !zeroLike(found, value)) {
      throw ApiProblem.badField(name, found.toString(), value + ": this is not supported");
    }
  }

  private static boolean zeroLike(JsonNode found, String value) {
    return value.equals("0") && found.isNumber() && found.doubleValue() == 0;
  }

  /** Refuses what nobody asked for, rather than leave it out in silence. */
  void requireNoOther() {
    object
        .properties()
        .forEach(
            field -> {
              if (!read.contains(field.getKey()) && !field.getValue().isNull()) {
                throw ApiProblem.badField(
                    field.getKey(), field.getValue().toString(), "no such field: not supported");
              }
            });
  }
}
