package dev.millrace.job.gateway;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.schema.Media;
import dev.millrace.schema.Modality;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The messages of a chat as one text to continue, one line a message, {@code role: content}, and
 * the beginning of the assistant's. The bases that Millrace serves have no chat template of their
 * own.
 *
 * @param media what stands before the text, wherever it stood in the messages; null for nothing
 */
record Prompting(String transcript, @Nullable Media media) {

  private static final Set<String> ROLES =
      Set.of("system", "developer", "user", "assistant", "tool");

  private static final String DATA = "data:image/";
  private static final String BASE64 = ";base64,";

  static Prompting of(List<JsonNode> messages) {
    StringBuilder text = new StringBuilder();
    List<Media> media = new ArrayList<>();
    for (JsonNode message : messages) {
      String role = message.path("role").asText();
      if (!ROLES.contains(role)) {
        throw ApiProblem.badField("messages.role", '"' + role + '"', "one of " + ROLES);
      }
      text.append(role).append(": ");
      content(message.path("content"), text, media);
      text.append('\n');
    }
    if (media.size() > 1) {
      throw ApiProblem.badField(
          "messages.content", media.size() + " pictures and sounds", "at most one");
    }
    String transcript = text.append("assistant:").toString();
    return new Prompting(transcript, media.isEmpty() ? null : media.get(0));
  }

  private static void content(JsonNode content, StringBuilder text, List<Media> media) {
    if (content.isTextual()) {
      text.append(content.textValue());
    }
    for (JsonNode part : content) {
      switch (part.path("type").asText()) {
        case "text" -> text.append(part.path("text").asText());
        case "image_url" -> media.add(picture(part.path("image_url").path("url").asText()));
        case "input_audio" -> media.add(sound(part.path("input_audio").path("data").asText()));
        default ->
            throw ApiProblem.badField(
                "messages.content.type",
                part.path("type").toString(),
                "text, image_url or input_audio");
      }
    }
  }

  private static Media picture(String url) {
    int data = url.indexOf(BASE64);
    if (!url.startsWith(DATA) || data < 0) {
      throw ApiProblem.badField(
          "messages.content.image_url.url",
          '"' + url.substring(0, Math.min(url.length(), 40)) + '"',
          DATA + "…" + BASE64 + "…: nothing is fetched");
    }
    return media(Modality.IMAGE, "image_url.url", url.substring(data + BASE64.length()));
  }

  private static Media sound(String data) {
    return media(Modality.AUDIO, "input_audio.data", data);
  }

  private static Media media(Modality modality, String field, String data) {
    try {
      return new Media(modality, Base64.getDecoder().decode(data));
    } catch (IllegalArgumentException e) {
      throw ApiProblem.badField(
          "messages.content." + field, data.length() + " characters", "base 64: " + e.getMessage());
    }
  }
}
