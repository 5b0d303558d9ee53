package dev.millrace.job.gateway;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Takes what callers say of their answers: a rating is counted, a corrected text is a sample. */
record FeedbackDoor(Desk desk, SampleDoor samples, Meter meter) {

  /**
   * Takes a call's fields; gives the reply.
   *
   * @throws ApiProblem if they say nothing of use, or the answer is not the caller's
   */
  CompletableFuture<ObjectNode> take(ApiKeys.Caller caller, Fields fields) {
    Desk.Given answer = known(caller, fields.text("answer"));
    String rating = fields.textOrNull("rating");
    String text = fields.textOrNull("text");
    fields.requireNoOther();
    if (rating != null && !rating.equals("up") && !rating.equals("down")) {
      throw ApiProblem.badField("rating", '"' + rating + '"', "\"up\" or \"down\"");
    }
    if (rating == null && text == null) {
      throw ApiProblem.badField("text", "missing", "a corrected text, or a rating");
    }
    return taken(caller, answer, text)
        .whenComplete(
            (reply, failure) -> {
              if (failure == null && rating != null) {
                meter.rated(rating);
              }
            });
  }

  private CompletableFuture<ObjectNode> taken(
      ApiKeys.Caller caller, Desk.Given answer, @Nullable String text) {
    ObjectNode reply = Fields.JSON.createObjectNode().put("answer", answer.request());
    return text == null
        ? CompletableFuture.completedFuture(reply)
        : samples
            .correct(caller, answer, text)
            .thenApply(
                at ->
                    reply
                        .put("sample", "correction-" + answer.request())
                        .setAll(Replies.place(at)));
  }

  private Desk.Given known(ApiKeys.Caller caller, String id) {
    String request = id.replaceFirst("^(chat)?cmpl-", "");
    Desk.Given answer = desk.find(request);
    if (answer == null || !Objects.equals(answer.tenant(), caller.tenant())) {
      throw ApiProblem.notFound(
          "answer_not_found", "answer " + id + " is not among the last that were given here");
    }
    return answer;
  }
}
