package dev.millrace.job.gateway;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Set;

/** Turns the messages of a chat into one text to continue. */
final class Prompting {

  private static final Set<String> ROLES =
      Set.of("system", "developer", "user", "assistant", "tool");

  private Prompting() {}

  /**
   * One line a message, {@code role: content}, and the beginning of the assistant's. The bases that
   * Millrace serves have no chat template of their own.
   */
  static String transcript(List<JsonNode> messages) {
    StringBuilder text = new StringBuilder();
    for (JsonNode message : messages) {
      String role = message.path("role").asText();
      if (!ROLES.contains(role)) {
        throw ApiProblem.badField("messages.role", '"' + role + '"', "one of " + ROLES);
      }
      text.append(role).append(": ").append(content(message.path("content"))).append('\n');
    }
    return text.append("assistant:").toString();
  }

  private static String content(JsonNode content) {
    if (content.isTextual()) {
      return content.textValue();
    }
    StringBuilder text = new StringBuilder();
    for (JsonNode part : content) {
      if (!part.path("type").asText().equals("text")) {
        throw ApiProblem.badField("messages.content.type", part.path("type").toString(), "text");
      }
      text.append(part.path("text").asText());
    }
    return text.toString();
  }
}
