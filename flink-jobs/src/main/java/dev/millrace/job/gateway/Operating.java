package dev.millrace.job.gateway;

import dev.millrace.job.ReleaseRecords;
import dev.millrace.job.console.Console;
import dev.millrace.job.io.RecordWriter;
import dev.millrace.job.io.Topics;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** Writes what an operator orders to the topic of releases. */
record Operating(RecordWriter writer, Topics topics, Console console) {

  private static final Map<String, Action> ORDERS =
      Map.of("pin", Action.PIN, "rollback", Action.ROLLBACK, "unpin", Action.ROLLBACK);

  /**
   * Writes an order.
   *
   * @throws ApiProblem if it is none, or names a release that the topic never named
   */
  CompletableFuture<Origin> order(ApiKeys.Caller caller, Fields fields) {
    if (!caller.operator()) {
      throw ApiProblem.forbidden("the API key is not an operator's");
    }
    String name = fields.text("action");
    String release = fields.text("release");
    String reason = fields.textOrNull("reason");
    fields.requireNoOther();
    Action action = ORDERS.get(name);
    if (action == null) {
      throw ApiProblem.badField("action", '"' + name + '"', "one of " + ORDERS.keySet());
    }
    // where a domain is at a release already, that very place is obeyed without reading it again
    ReleaseEvent known = name.equals("unpin") ? console.named(release) : console.published(release);
    if (known == null) {
      throw ApiProblem.notFound("release_not_found", "the topic names no release " + release);
    }
    String why = reason == null ? name + " by an operator" : reason;
    return ReleaseRecords.append(writer, topics, known.ordering(action, why));
  }
}
