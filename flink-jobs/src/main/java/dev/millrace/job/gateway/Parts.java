package dev.millrace.job.gateway;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.schema.Media;
import dev.millrace.schema.Modality;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/** What a message or an input holds beside text, part by part, as OpenAI's chats have it. */
final class Parts {

  private static final String DATA = "data:image/";
  private static final String BASE64 = ";base64,";

  private Parts() {}

  /**
   * The picture or the sound of a part; null if it is a text.
   *
   * @param field that holds the part, for people
   */
  static @Nullable Media media(JsonNode part, String field) {
    return switch (part.path("type").asText()) {
      case "text" -> null;
      case "image_url" -> picture(part.path("image_url").path("url").asText(), field);
      case "input_audio" ->
          media(
              Modality.AUDIO,
              field + ".input_audio.data",
              part.path("input_audio").path("data").asText());
      default ->
          throw ApiProblem.badField(
              field + ".type", found(part.path("type")), "text, image_url or input_audio");
    };
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
          field + ".image_url.url",
          '"' + url.substring(0, Math.min(url.length(), 40)) + '"',
          DATA + "…" + BASE64 + "…: nothing is fetched");
    }
    return media(Modality.IMAGE, field + ".image_url.url", url.substring(data + BASE64.length()));
  }

  private static Media media(Modality modality, String field, String data) {
    try {
      return new Media(modality, Base64.getDecoder().decode(data));
    } catch (IllegalArgumentException e) {
      throw ApiProblem.badField(field, data.length() + " characters", "base 64: " + e.getMessage());
    }
  }
}
