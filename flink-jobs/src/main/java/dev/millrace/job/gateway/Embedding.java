package dev.millrace.job.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.schema.Media;
import dev.millrace.schema.Modality;
import dev.millrace.schema.Request;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a call of {@code /v1/embeddings} asks for: texts by the base, or pictures, sounds and texts
 * in the space of all media. The latter are objects with a {@code content} of parts, as OpenRouter
 * takes them in {@code input} and vLLM in {@code messages}.
 *
 * @param model as the caller wrote it
 * @param field that holds what is asked
 * @param texts for the base; empty if there are media
 * @param media for the encoders, texts among them; empty if there are texts
 * @param base64 whether vectors are told as little-endian floats in base 64
 */
record Embedding(
    String model, String field, List<String> texts, List<Media> media, boolean base64) {

  private static final int MOST_INPUTS = 64;

  /** Of an object; who says it makes no difference to where it lies. */
  private static final Set<String> FIELDS = Set.of("role", "name", "content");

  static Embedding of(Fields fields) {
    List<JsonNode> messages = fields.list("messages");
    List<JsonNode> inputs = fields.list("input");
    String field = messages.isEmpty() ? "input" : "messages";
    if (!messages.isEmpty() && !inputs.isEmpty()) {
      throw ApiProblem.badField("messages", "given beside input", "one of them");
    }
    if (messages.size() > 1) {
      throw ApiProblem.badField("messages", messages.size() + " messages", "one: one vector");
    }
    messages.forEach(message -> require(message.isObject(), "messages", message, "an object"));
    Embedding read =
        new Embedding(
            fields.text("model"),
            field,
            inputs.stream().filter(JsonNode::isTextual).map(JsonNode::textValue).toList(),
            Stream.concat(inputs.stream(), messages.stream())
                .filter(input -> !input.isTextual())
                .map(input -> placed(input, field))
                .toList(),
            base64(fields.textOrNull("encoding_format")));
    fields.ignore("user");
    fields.requireNoOther();
    read.requireOneSpace();
    return read;
  }

  private void requireOneSpace() {
    int inputs = texts.size() + media.size();
    if (inputs < 1 || inputs > MOST_INPUTS) {
      throw ApiProblem.badField("input", inputs + " inputs", "1 to " + MOST_INPUTS);
    }
    if (!texts.isEmpty() && !media.isEmpty()) {
      throw ApiProblem.badField(
          "input",
          "%d texts and %d objects".formatted(texts.size(), media.size()),
          "texts or objects: they lie in different spaces");
    }
  }

  /** What one object shows, tells or says. */
  private static Media placed(JsonNode input, String field) {
    require(input.isObject(), field, input, "a text or an object");
    Parts.requireNoOther(input, field, FIELDS);
    JsonNode content = input.path("content");
    if (content.isTextual()) {
      return text(content.textValue());
    }
    String where = field + ".content";
    if (!content.isArray() || content.size() != 1) {
      throw ApiProblem.badField(
          where,
          content.isArray() ? content.size() + " parts" : Parts.found(content),
          "a text or one part");
    }
    JsonNode part = content.get(0);
    Media shown = Parts.media(part, where);
    return shown == null ? text(Parts.text(part, where)) : shown;
  }

  private static Media text(String text) {
    return new Media(Modality.TEXT, text.getBytes(UTF_8));
  }

  private static void require(boolean holds, String field, JsonNode found, String expected) {
    if (!holds) {
      throw ApiProblem.badField(
          field, found.getNodeType().name().toLowerCase(Locale.ROOT), expected);
    }
  }

  private static boolean base64(@Nullable String format) {
    boolean base64 = "base64".equals(format);
    if (format != null && !base64 && !format.equals("float")) {
      throw ApiProblem.badField("encoding_format", '"' + format + '"', "\"float\" or \"base64\"");
    }
    return base64;
  }

  /**
   * One for each input.
   *
   * @param target whose domain's alignment places media; texts are the base's, whatever it says
   */
  List<Request> requests(ApiKeys.Caller caller, Catalogue.Target target, long now) {
    List<Request> requests = new ArrayList<>();
    String domain = target.domain();
    texts.forEach(text -> requests.add(request(caller, domain, text, now)));
    media.forEach(
        shown -> requests.add(request(caller, domain, "", now).toBuilder().media(shown).build()));
    return requests;
  }

  private static Request request(
      ApiKeys.Caller caller, @Nullable String domain, String text, long now) {
    return Request.builder("http-" + UUID.randomUUID(), Request.Task.EMBED, text)
        .tenant(caller.tenant())
        .domain(domain)
        .eventTimeMillis(now)
        .build();
  }
}
