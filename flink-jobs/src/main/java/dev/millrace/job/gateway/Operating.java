package dev.millrace.job.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.job.Keys;
import dev.millrace.job.console.Console;
import dev.millrace.job.io.RecordWriter;
import dev.millrace.job.io.Topics;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.wire.Codecs;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** Writes what an operator orders to the topic of releases. */
final class Operating {

  private static final Map<String, Action> ORDERS =
      Map.of("pin", Action.PIN, "rollback", Action.ROLLBACK, "unpin", Action.ROLLBACK);

  private final RecordWriter writer;
  private final Topics topics;
  private final Console console;

  Operating(RecordWriter writer, Topics topics, Console console) {
    this.writer = writer;
    this.topics = topics;
    this.console = console;
  }

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
    ReleaseEvent known = console.named(release);
    if (known == null) {
      throw ApiProblem.notFound("release_not_found", "the topic names no release " + release);
    }
    return writer.append(
        topics.releases(),
        key(known),
        Codecs.releases()
            .encode(order(known, action, reason == null ? name + " by an operator" : reason)));
  }

  private static ReleaseEvent order(ReleaseEvent known, Action action, String reason) {
    return new ReleaseEvent(
        known.tenant(),
        known.domain(),
        known.kind(),
        action,
        known.release(),
        known.uri(),
        known.parent(),
        known.batch(),
        reason,
        Origin.UNWRITTEN);
  }

  private static String key(ReleaseEvent event) {
    return new String(Keys.of(event), UTF_8);
  }
}
