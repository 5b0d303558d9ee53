package dev.millrace.model.config;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.millrace.schema.wire.ErrorLine;
import dev.millrace.schema.wire.Shortened;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A JSON object read strictly: no duplicate key, nothing behind the object, every field of its type
 * and in its range. JSON's null counts as absent, unless a fallback of its own is given for it.
 */
public final class JsonFields {

  /** In memory an empty object, of two tokens, takes sixty times its three bytes. */
  private static final long MOST_TOKENS = 1_000_000;

  private static final ObjectMapper MAPPER = mapper(MOST_TOKENS);
  private static final ObjectMapper LARGE = mapper(Long.MAX_VALUE);

  /** An object without fields. */
  static final JsonFields EMPTY = new JsonFields("nothing", MAPPER.createObjectNode());

  private final String where;
  private final JsonNode object;

  private static ObjectMapper mapper(long mostTokens) {
    return JsonMapper.builder(
            JsonFactory.builder()
                .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
                .streamReadConstraints(
                    StreamReadConstraints.builder()
                        .maxTokenCount(mostTokens)
                        .maxNestingDepth(16)
                        .maxNumberLength(64)
                        .build())
                .build())
        .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
        .build();
  }

  private JsonFields(String where, JsonNode object) {
    if (!object.isObject()) {
      throw new InvalidConfigException(where + ": " + object + ", expected a JSON object");
    }
    this.where = where;
    this.object = object;
  }

  /**
   * Parses UTF-8 JSON.
   *
   * @param where what errors call the object, such as its file name
   * @throws InvalidConfigException here and in every method, naming the field
   */
  public static JsonFields parse(String where, byte[] json) {
    return parse(where, json, MAPPER);
  }

  /** The same of as many tokens as there are: of files that nobody sent. */
  public static JsonFields parseLarge(String where, byte[] json) {
    return parse(where, json, LARGE);
  }

  private static JsonFields parse(String where, byte[] json, ObjectMapper mapper) {
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(json)).toString();
      return new JsonFields(where, mapper.readTree(text));
    } catch (CharacterCodingException e) {
      throw new InvalidConfigException(where + ": it is not UTF-8", e);
    } catch (JsonProcessingException e) {
      throw new InvalidConfigException(where + ": " + ErrorLine.of(e), e);
    }
  }

  /** The names of the fields that are there and not null. */
  public List<String> names() {
    List<String> names = new ArrayList<>();
    object.properties().forEach(entry -> addUnlessNull(names, entry.getKey(), entry.getValue()));
    return names;
  }

  private static void addUnlessNull(List<String> names, String name, JsonNode value) {
    if (!value.isNull()) {
      names.add(name);
    }
  }

  public boolean has(String name) {
    return object.hasNonNull(name);
  }

  /** True where the field is there and null. */
  public boolean isNull(String name) {
    return object.path(name).isNull();
  }

  /** True where the field is absent, false, empty or an empty text: an option left off. */
  public boolean isOff(String name) {
    JsonNode value = object.path(name);
    return !has(name)
        || (value.isBoolean() && !value.booleanValue())
        || (value.isContainerNode() && value.isEmpty())
        || (value.isTextual() && value.textValue().isEmpty());
  }

  public int integer(String name, int min, int max) {
    return (int) integer(name, (long) min, (long) max);
  }

  public long integer(String name, long min, long max) {
    JsonNode value = value(name);
    if (!value.isIntegralNumber()
        || !value.canConvertToLong()
        || value.longValue() < min
        || value.longValue() > max) {
      throw invalid(name, "an integer from " + min + " to " + max);
    }
    return value.longValue();
  }

  /** The integers of a list, each in the closed interval. */
  public int[] integers(String name, int min, int max) {
    JsonNode values = array(name);
    int[] integers = new int[values.size()];
    for (int i = 0; i < integers.length; i++) {
      JsonNode value = values.get(i);
      if (!value.canConvertToInt()
          || !value.isIntegralNumber()
          || value.intValue() < min
          || value.intValue() > max) {
        throw invalid(name, "a list of integers from " + min + " to " + max);
      }
      integers[i] = value.intValue();
    }
    return integers;
  }

  /** A finite number in the closed interval. */
  public double number(String name, double min, double max) {
    JsonNode value = value(name);
    double number = value.doubleValue();
    if (!value.isNumber() || !(number >= min && number <= max) || Double.isInfinite(number)) {
      throw invalid(name, "a finite number from " + min + " to " + max);
    }
    return number;
  }

  public boolean bool(String name) {
    JsonNode value = value(name);
    if (!value.isBoolean()) {
      throw invalid(name, "true or false");
    }
    return value.booleanValue();
  }

  public String text(String name) {
    JsonNode value = value(name);
    if (!value.isTextual()) {
      throw invalid(name, "a text");
    }
    return value.textValue();
  }

  /** The number of a pair [name, number], from 0 on, as HuggingFace's tokenizers write a token. */
  public int numbered(String name) {
    JsonNode pair = array(name);
    if (pair.size() != 2 || !pair.get(1).isInt() || pair.get(1).intValue() < 0) {
      throw invalid(name, "a name and its number from 0 on");
    }
    return pair.get(1).intValue();
  }

  public boolean isText(String name) {
    return object.path(name).isTextual();
  }

  public boolean isList(String name) {
    return object.path(name).isArray();
  }

  public List<String> texts(String name) {
    List<String> texts = new ArrayList<>();
    for (JsonNode value : array(name)) {
      if (!value.isTextual()) {
        throw invalid(name, "a list of texts");
      }
      texts.add(value.textValue());
    }
    return texts;
  }

  /** The object under a name. */
  public JsonFields object(String name) {
    return new JsonFields(where + "." + name, value(name));
  }

  /** The objects of a list. */
  public List<JsonFields> objects(String name) {
    List<JsonFields> objects = new ArrayList<>();
    for (JsonNode value : array(name)) {
      objects.add(new JsonFields(where + "." + name + "[" + objects.size() + "]", value));
    }
    return objects;
  }

  private JsonNode array(String name) {
    JsonNode value = value(name);
    if (!value.isArray()) {
      throw invalid(name, "a list");
    }
    return value;
  }

  /** What {@code read} makes of these fields if the named one is there, else the fallback. */
  public <T extends @Nullable Object> T orElse(
      String name, T fallback, Function<JsonFields, T> read) {
    return has(name) ? read.apply(this) : fallback;
  }

  /** The same with one fallback where there is no such field, another where it is null. */
  public <T extends @Nullable Object> T orElse(
      String name, T absent, T none, Function<JsonFields, T> read) {
    return orElse(name, isNull(name) ? none : absent, read);
  }

  /** An error that names the field, its value and what was expected. */
  public InvalidConfigException invalid(String name, String expected) {
    String value = object.path(name).toString();
    String shown = Shortened.of(value, 200);
    return new InvalidConfigException(
        "%s: %s is %s, expected %s"
            .formatted(where, name, object.has(name) ? shown : "absent", expected));
  }

  private JsonNode value(String name) {
    if (!has(name)) {
      throw invalid(name, "a value");
    }
    return object.get(name);
  }
}
