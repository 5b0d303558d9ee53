package dev.millrace.job;

import dev.millrace.schema.Answer;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.ReleaseEvent.Kind;
import dev.millrace.schema.Request;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Stream records that are plain wherever a test does not look. */
public final class StreamRecords {

  private StreamRecords() {}

  /** An event of a shared domain's adapter, whose release has no parent. */
  public static ReleaseEvent event(
      String domain, Action action, String release, long batch, long offset) {
    return event(domain, Kind.ADAPTER, action, release, null, batch, offset);
  }

  /** An event of a shared domain, read at an offset of the topic's only partition. */
  public static ReleaseEvent event(
      String domain,
      Kind kind,
      Action action,
      String release,
      @Nullable String parent,
      long batch,
      long offset) {
    Origin origin = new Origin("releases", 0, offset);
    String uri = "file:/" + release;
    return new ReleaseEvent(
        null, domain, kind, action, release, uri, parent, batch, "test", origin);
  }

  /** The same event of a tenant. */
  public static ReleaseEvent ofTenant(@Nullable String tenant, ReleaseEvent event) {
    return with(tenant, event.uri(), event);
  }

  /** The same event of a release that lies elsewhere. */
  public static ReleaseEvent at(String uri, ReleaseEvent event) {
    return with(event.tenant(), uri, event);
  }

  private static ReleaseEvent with(@Nullable String tenant, String uri, ReleaseEvent event) {
    return new ReleaseEvent(
        tenant,
        event.domain(),
        event.kind(),
        event.action(),
        event.release(),
        uri,
        event.parent(),
        event.batch(),
        event.reason(),
        event.origin());
  }

  /** What the model says to a request, one token of one byte. */
  public static Answer answer(
      Request request, @Nullable String error, String text, @Nullable String release) {
    return new Answer(
        request.id(),
        request.origin(),
        request.tenant(),
        request.domain(),
        request.task(),
        error,
        text,
        0,
        1,
        1,
        new float[0],
        release,
        "base",
        List.of(),
        Answer.From.MODEL,
        0,
        0,
        0,
        0,
        false,
        1,
        List.of());
  }
}
