package dev.millrace.job.gateway;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.schema.Media;
import dev.millrace.schema.Modality;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a message or an input holds beside text, part by part, as OpenAI's chats have it. */
final class Parts {

  private static final String DATA = "data:image/";
  private static final String BASE64 = ";base64,";

  /**
   * By type, what the field of that name may hold. A picture's {@code detail} and a sound's {@code
   * format} say nothing that its bytes do not.
   */
  private static final Map<String, Set<String>> FIELDS =
      Map.of(
          "text", Set.of(),
          "image_url", Set.of("url", "detail"),
          "input_audio", Set.of("data", "format"));

  /** How clients name a part, and what they tell caches of prompts, says nothing of the answer. */
  private static final Set<String> IGNORED =
      Set.of("id", "index", "uuid", "cache_control", "prompt_cache_breakpoint");

  private Parts() {}

  /**
   * The picture or the sound of a part; null if it is a text.
   *
   * @param field that holds the part, for people
   */
  static @Nullable Media media(JsonNode part, String field) {
    String type = part.path("type").asText();
    Set<String> fields = FIELDS.get(type);
    if (fields == null) {
      throw ApiProblem.badField(
          field + ".type", found(part.path("type")), "text, image_url or input_audio");
    }
    JsonNode inner = part.path(type);
    String where = field + "." + type;
    Set<String> own = new HashSet<>(IGNORED);
    own.addAll(List.of("type", type));
    requireNoOther(part, field, own);
    requireNoOther(inner, where, fields);
    return switch (type) {
      case "image_url" -> picture(inner.path("url").asText(), where + ".url");
      case "input_audio" -> media(Modality.AUDIO, where + ".data", inner.path("data").asText());
      default -> null;
    };
  }

  /**
   * What else an object says would be left out in silence.
   *
   * @param field that holds the object, for people
   */
  static void requireNoOther(JsonNode object, String field, Set<String> known) {
    for (Map.Entry<String, JsonNode> other : object.properties()) {
      JsonNode found = other.getValue();
      boolean saysNothing = found.isNull() || (found.isContainerNode() && found.isEmpty());
      if (!known.contains(other.getKey()) && !saysNothing) {
        throw ApiProblem.badField(
            field + "." + other.getKey(), found.toString(), "no such field: not supported");
      }
    }
  }

  /** What a part says that is a text. */
  static String text(JsonNode part, String field) {
    JsonNode text = part.path("text");
    if (!text.isTextual()) {
      throw ApiProblem.badField(field + ".text", found(text), "text");
    }
    return text.textValue();
  }

  /** The value, for people. */
  static String found(JsonNode value) {
    return value.isMissingNode() ? "missing" : value.toString();
  }

  private static Media picture(String url, String field) {
    int data = url.indexOf(BASE64);
    if (!url.startsWith(DATA) || data < 0) {
      throw ApiProblem.badField(
          field,
          '"' + url.substring(0, Math.min(url.length(), 40)) + '"',
          DATA + "…" + BASE64 + "…: nothing is fetched");
    }
    return media(Modality.IMAGE, field, url.substring(data + BASE64.length()));
  }

  private static Media media(Modality modality, String field, String data) {
    try {
      return new Media(modality, Base64.getDecoder().decode(data));
    } catch (IllegalArgumentException e) {
      throw ApiProblem.badField(field, data.length() + " characters", "base 64: " + e.getMessage());
    }
  }
}
