package dev.millrace.schema.wire;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The fields of one line's object; what is asked for is known, anything else is an error. */
final class JsonFields {

  private static final ObjectReader READER = StrictJson.MAPPER.readerFor(JsonNode.class);

  private static final byte[] NO_BYTES = {};

  private final String line;
  private final ObjectNode object;
  private final Set<String> known = new TreeSet<>();

  private JsonFields(String line, ObjectNode object) {
    this.line = line;
    this.object = object;
  }

  static JsonFields read(String line) throws InvalidRecordException {
    try {
      JsonNode node = READER.readValue(line);
      if (node instanceof ObjectNode object) {
        return new JsonFields(line, object);
      }
    } catch (JsonProcessingException e) {
      throw invalid("not-json", ErrorLine.of(e), line);
    }
    throw invalid("not-json", "expected one object", line);
  }

  /** A text that must be there. */
  String text(String key) throws InvalidRecordException {
    JsonNode node = find(key);
    if (node == null) {
      throw invalid(
          "missing-key", "no " + Checks.quote(key) + ", expected the text under it", line);
    }
    return string(key, node);
  }

  String text(String key, String otherwise) throws InvalidRecordException {
    JsonNode node = find(key);
    return node == null ? otherwise : string(key, node);
  }

  @Nullable String textOrNull(String key, @Nullable String otherwise)
      throws InvalidRecordException {
    JsonNode node = find(key);
    return node == null ? otherwise : string(key, node);
  }

  /** A list of strings; absent is none. */
  List<String> texts(String key) throws InvalidRecordException {
    JsonNode node = find(key);
    if (node == null) {
      return List.of();
    }
    if (!node.isArray()) {
      throw badValue(key, node, "a list of strings");
    }
    List<String> texts = new ArrayList<>();
    for (JsonNode text : node) {
      texts.add(string(key, text));
    }
    return List.copyOf(texts);
  }

  byte[] base64(String key) throws InvalidRecordException {
    JsonNode node = find(key);
    if (node == null) {
      return NO_BYTES;
    }
    try {
      return Base64.getDecoder().decode(string(key, node));
    } catch (IllegalArgumentException e) {
      throw badValue(key, node, "base64 (" + e.getMessage() + ")");
    }
  }

  /** The constant of that name, in upper or lower case. */
  <E extends Enum<E>> E symbol(String key, E otherwise) throws InvalidRecordException {
    JsonNode node = find(key);
    if (node == null) {
      return otherwise;
    }
    String name = string(key, node).toUpperCase(Locale.ROOT);
    E[] constants = otherwise.getDeclaringClass().getEnumConstants();
    for (E constant : constants) {
      if (constant.name().equals(name)) {
        return constant;
      }
    }
    throw badValue(key, node, "one of " + Arrays.toString(constants));
  }

  long integer(String key, long otherwise) throws InvalidRecordException {
    return value(
            key,
            node -> node.isIntegralNumber() && node.canConvertToLong(),
            JsonNode::longValue,
            "a whole number of 64 bits")
        .orElse(otherwise);
  }

  int smallInteger(String key, int otherwise) throws InvalidRecordException {
    return value(
            key,
            node -> node.isIntegralNumber() && node.canConvertToInt(),
            JsonNode::intValue,
            "a whole number of 32 bits")
        .orElse(otherwise);
  }

  double decimal(String key, double otherwise) throws InvalidRecordException {
    return value(key, JsonNode::isNumber, JsonNode::doubleValue, "a number").orElse(otherwise);
  }

  boolean bool(String key, boolean otherwise) throws InvalidRecordException {
    return value(key, JsonNode::isBoolean, JsonNode::booleanValue, "true or false")
        .orElse(otherwise);
  }

  /** The key's value, if it is there; any other than what is expected is refused. */
  private <T> Optional<T> value(
      String key, Predicate<JsonNode> fits, Function<JsonNode, T> read, String expected)
      throws InvalidRecordException {
    JsonNode node = find(key);
    if (node != null && !fits.test(node)) {
      throw badValue(key, node, expected);
    }
    return Optional.ofNullable(node).map(read);
  }

  /** Refuses a key that was not asked for. */
  void requireNoOther() throws InvalidRecordException {
    for (Iterator<String> keys = object.fieldNames(); keys.hasNext(); ) {
      String key = keys.next();
      if (!known.contains(key)) {
        String meant =
            NearestName.of(key, known)
                .map(near -> "did you mean \"" + near + "\"?")
                .orElse("expected one of " + known);
        throw invalid("unknown-key", "unknown key " + Checks.quote(key) + ", " + meant, line);
      }
    }
  }

  /** The key's value; absent and JSON's null are both null. */
  private @Nullable JsonNode find(String key) {
    known.add(key);
    JsonNode node = object.get(key);
    return node == null || node.isNull() ? null : node;
  }

  private String string(String key, JsonNode node) throws InvalidRecordException {
    if (!node.isTextual()) {
      throw badValue(key, node, "a string");
    }
    String value = node.textValue();
    if (!StandardCharsets.UTF_8.newEncoder().canEncode(value)) {
      throw invalid("invalid-utf8", key + " has a lone surrogate, expected valid Unicode", line);
    }
    return value;
  }

  private InvalidRecordException badValue(String key, JsonNode node, String expected) {
    String detail = key + " is " + Checks.quote(node.toString()) + ", expected " + expected;
    return invalid("bad-value", detail, line);
  }

  private static InvalidRecordException invalid(String reason, String detail, String line) {
    return new InvalidRecordException(
        new Problem(reason, detail + "; the line is " + Checks.quote(line)));
  }
}
