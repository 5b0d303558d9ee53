package dev.millrace.job.gateway;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.schema.Media;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The messages of a chat as one text to continue, one line a message, {@code role: content}, and
 * the beginning of the assistant's. A base's own chat template is not applied.
 *
 * @param media what stands before the text, wherever it stood in the messages; null for nothing
 */
record Prompting(String transcript, @Nullable Media media) {

  private static final Set<String> ROLES =
      Set.of("system", "developer", "user", "assistant", "tool");

  /** The last names a call that the transcript has no part of. */
  private static final Set<String> FIELDS = Set.of("role", "content", "name", "tool_call_id");

  private static final String CONTENT = "messages.content";

  static Prompting of(List<JsonNode> messages) {
    StringBuilder text = new StringBuilder();
    List<Media> media = new ArrayList<>();
    for (JsonNode message : messages) {
      String role = message.path("role").asText();
      if (!ROLES.contains(role)) {
        throw ApiProblem.badField(
            "messages.role", Parts.found(message.path("role")), "one of " + ROLES);
      }
      Parts.requireNoOther(message, "messages", FIELDS);
      boolean assistant = role.equals("assistant");
      text.append(role).append(": ");
      if (!assistant || message.hasNonNull("content")) {
        content(message.path("content"), text, media);
      }
      text.append('\n');
    }
    if (media.size() > 1) {
      throw ApiProblem.badField(CONTENT, media.size() + " pictures and sounds", "at most one");
    }
    String transcript = text.append("assistant:").toString();
    return new Prompting(transcript, media.isEmpty() ? null : media.get(0));
  }

  private static void content(JsonNode content, StringBuilder text, List<Media> media) {
    if (content.isTextual()) {
      text.append(content.textValue());
    } else if (!content.isArray()) {
      throw ApiProblem.badField(CONTENT, Parts.found(content), "a text or a list of parts");
    }
    for (JsonNode part : content) {
      Media shown = Parts.media(part, CONTENT);
      if (shown == null) {
        text.append(Parts.text(part, CONTENT));
      } else {
        media.add(shown);
      }
    }
  }
}
