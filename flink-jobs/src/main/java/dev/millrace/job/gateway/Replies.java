package dev.millrace.job.gateway;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.schema.Answer;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.Verdict;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/** Answers as the JSON that OpenAI's clients read; what is ours stands under {@code millrace}. */
final class Replies {

  private Replies() {}

  /** A text completion, a choice for each answer. */
  static ObjectNode completion(
      Generating asked, List<Answer> answers, Verdicts verdicts, long seconds) {
    ObjectNode reply = envelope("cmpl-", "text_completion", asked, answers, verdicts, seconds);
    ArrayNode choices = reply.putArray("choices");
    for (int i = 0; i < answers.size(); i++) {
      String prompt = asked.echo() ? asked.prompts().get(i / asked.n()) : "";
      choices
          .addObject()
          .put("index", i)
          .put("text", prompt + answers.get(i).text())
          .put("finish_reason", finish(asked, answers.get(i)))
          .set("logprobs", LogProbs.completion(answers.get(i).logProbs(), 0));
    }
    reply.set("usage", usage(asked.n(), answers));
    return reply;
  }

  /** A chat completion, a choice for each answer. */
  static ObjectNode chat(Generating asked, List<Answer> answers, Verdicts verdicts, long seconds) {
    ObjectNode reply = envelope("chatcmpl-", "chat.completion", asked, answers, verdicts, seconds);
    ArrayNode choices = reply.putArray("choices");
    for (int i = 0; i < answers.size(); i++) {
      ObjectNode choice = choices.addObject().put("index", i);
      choice.putObject("message").put("role", "assistant").put("content", answers.get(i).text());
      choice
          .put("finish_reason", finish(asked, answers.get(i)))
          .set("logprobs", LogProbs.chat(answers.get(i).logProbs(), 0));
    }
    reply.set("usage", usage(asked.n(), answers));
    return reply;
  }

  private static ObjectNode envelope(
      String prefix,
      String object,
      Generating asked,
      List<Answer> answers,
      Verdicts verdicts,
      long seconds) {
    ObjectNode reply = Fields.JSON.createObjectNode();
    reply
        .put("id", prefix + answers.get(0).request())
        .put("object", object)
        .put("created", seconds)
        .put("model", asked.model());
    reply.set("millrace", provenance(answers, verdicts).put("seed", asked.seed()));
    return reply;
  }

  /**
   * Which release answered, on which base, from where, how far it had learned, and its verdict: the
   * first one, and all of them where they differ; how similar the questions are whose answers these
   * are, where any is not its own.
   */
  static ObjectNode provenance(List<Answer> answers, Verdicts verdicts) {
    Answer first = answers.get(0);
    ObjectNode about = Fields.JSON.createObjectNode();
    ArrayNode ids = about.putArray("answers");
    answers.forEach(answer -> ids.add(answer.request()));
    about
        .put("domain", first.domain())
        .put("release", first.release())
        .put("base", first.base())
        .put("from", from(first));
    if (answers.stream().map(Replies::answerer).distinct().count() > 1) { // in the middle of a swap
      ArrayNode releases = about.putArray("releases");
      answers.forEach(answer -> releases.add(answerer(answer)));
    }
    if (answers.stream().anyMatch(answer -> answer.similarity() > 0)) {
      ArrayNode similar = about.putArray("similarity");
      answers.forEach(answer -> similar.add(answer.similarity()));
    }
    ArrayNode learned = about.putArray("learned_to");
    first
        .learnedTo()
        .forEach(
            origin ->
                learned
                    .addObject()
                    .put("topic", origin.topic())
                    .put("partition", origin.partition())
                    .put("offset", origin.offset()));
    about.set("gate", verdicts.of(first.release()));
    return about;
  }

  /** The release, or the base where there was none. */
  static String answerer(Answer answer) {
    return Objects.requireNonNullElse(answer.release(), Catalogue.BASE + " " + answer.base());
  }

  static String from(Answer answer) {
    return answer.source().toLowerCase(Locale.ROOT);
  }

  static String finish(Generating asked, Answer answer) {
    return answer.stopped() || answer.tokens() < asked.maxTokens() ? "stop" : "length";
  }

  /**
   * Tokens that were read and added. A prompt counts once, however many choices it has.
   *
   * @param n choices of each prompt
   * @param answers prompt by prompt
   */
  static ObjectNode usage(int n, List<Answer> answers) {
    int prompts = 0;
    for (int first = 0; first < answers.size(); first += n) {
      prompts += answers.get(first).promptTokens();
    }
    int tokens = answers.stream().mapToInt(Answer::tokens).sum();
    return Fields.JSON
        .createObjectNode()
        .put("prompt_tokens", prompts)
        .put("completion_tokens", tokens)
        .put("total_tokens", prompts + tokens);
  }

  /**
   * The embeddings of {@code /v1/embeddings}, one an answer.
   *
   * @param base64 whether they are little-endian floats in base 64, as OpenAI's own clients ask, or
   *     lists of numbers
   */
  static ObjectNode embeddings(
      String model, boolean base64, List<Answer> answers, Verdicts verdicts) {
    ObjectNode reply = Fields.JSON.createObjectNode().put("object", "list").put("model", model);
    ArrayNode data = reply.putArray("data");
    for (int i = 0; i < answers.size(); i++) {
      ObjectNode one = data.addObject().put("object", "embedding").put("index", i);
      float[] values = answers.get(i).embedding();
      if (base64) {
        one.put("embedding", base64(values));
      } else {
        ArrayNode list = one.putArray("embedding");
        for (float value : values) {
          list.add(value);
        }
      }
    }
    int tokens = answers.stream().mapToInt(Answer::promptTokens).sum();
    reply.putObject("usage").put("prompt_tokens", tokens).put("total_tokens", tokens);
    reply.set("millrace", provenance(answers, verdicts));
    return reply;
  }

  private static String base64(float[] values) {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return Base64.getEncoder().encodeToString(bytes.array());
  }

  /** What can be asked for. */
  static ObjectNode models(List<ReleaseEvent> events) {
    ObjectNode reply = Fields.JSON.createObjectNode().put("object", "list");
    ArrayNode data = reply.putArray("data").add(model(Catalogue.BASE, "millrace"));
    events.forEach(event -> data.add(model(event.domain(), event)));
    return reply;
  }

  /** A name that stands for no release. */
  static ObjectNode model(String id, String owner) {
    return Fields.JSON
        .createObjectNode()
        .put("id", id)
        .put("object", "model")
        .put("created", 0)
        .put("owned_by", owner);
  }

  /**
   * A name for a release.
   *
   * @param id the domain, or the release's own
   */
  static ObjectNode model(String id, ReleaseEvent event) {
    ObjectNode model = model(id, event.tenant() == null ? "shared" : event.tenant());
    model
        .putObject("millrace")
        .put("release", event.release())
        .put("parent", event.parent())
        .put("batch", event.batch())
        .put("action", event.action().name().toLowerCase(Locale.ROOT))
        .put("reason", event.reason());
    return model;
  }

  /** Where a record was written. */
  static ObjectNode place(Origin origin) {
    return Fields.JSON
        .createObjectNode()
        .put("topic", origin.topic())
        .put("partition", origin.partition())
        .put("offset", origin.offset());
  }

  /** An adapter that passed the gate, with every rule and its figures. */
  static ObjectNode adopted(Verdict verdict) {
    ObjectNode reply =
        Fields.JSON
            .createObjectNode()
            .put("model", verdict.domain())
            .put("release", verdict.release())
            .put("parent", verdict.parent());
    reply.set("rules", Verdicts.rules(verdict));
    return reply;
  }

  static ObjectNode error(ApiProblem problem) {
    ObjectNode reply = Fields.JSON.createObjectNode();
    reply
        .putObject("error")
        .put("message", problem.getMessage())
        .put("type", problem.type())
        .put("param", problem.param())
        .put("code", problem.code());
    return reply;
  }
}
