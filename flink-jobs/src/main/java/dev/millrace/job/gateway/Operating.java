package dev.millrace.job.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.job.ReleaseRecords;
import dev.millrace.job.console.Console;
import dev.millrace.job.io.RecordWriter;
import dev.millrace.job.io.Topics;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.ReleaseEvent.Kind;
import dev.millrace.schema.wire.Limits;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Writes what an operator orders to the topic of releases. */
record Operating(RecordWriter writer, Topics topics, Console console, Catalogue catalogue) {

  private static final Map<String, Action> ORDERS =
      Map.of("pin", Action.PIN, "rollback", Action.ROLLBACK, "unpin", Action.ROLLBACK);

  /**
   * Writes an order.
   *
   * @throws ApiProblem if it is none, names a release that the topic never named, or lets a domain
   *     go that nobody holds there any more
   */
  CompletableFuture<Origin> order(ApiKeys.Caller caller, Fields fields) {
    caller.requireOperator();
    String name = fields.text("action");
    String release = fields.text("release");
    String reason = fields.textOrNull("reason");
    requireShort(reason);
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
    if (name.equals("unpin") && known.kind() != Kind.BASE) {
      ReleaseEvent pin = catalogue.pin(release);
      if (pin == null) {
        throw ApiProblem.notFound("release_not_pinned", "no domain is pinned to " + release);
      }
      known = pin.release().equals(release) ? pin : known; // else it answers beside a trial
    }
    String why = reason == null ? name + " by an operator" : reason;
    return write(writer, topics, known.ordering(action, why));
  }

  private static void requireShort(@Nullable String reason) {
    int bytes = reason == null ? 0 : reason.getBytes(UTF_8).length;
    if (bytes > Limits.REASON_BYTES) {
      throw ApiProblem.badField("reason", bytes + " bytes", "at most " + Limits.REASON_BYTES);
    }
  }

  /** Where an order was written; the future fails with an {@link ApiProblem}. */
  static CompletableFuture<Origin> write(RecordWriter writer, Topics topics, ReleaseEvent order) {
    return ApiProblem.elseUnwritten(
        ReleaseRecords.append(writer, topics, order), "the order was not written");
  }
}
