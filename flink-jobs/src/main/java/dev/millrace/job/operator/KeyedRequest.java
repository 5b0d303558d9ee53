package dev.millrace.job.operator;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.job.io.RawRecord;
import dev.millrace.schema.Request;
import dev.millrace.schema.wire.Codecs;
import dev.millrace.schema.wire.InvalidRecordException;
import dev.millrace.schema.wire.Requests;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** A request, and the key under which its caller wants the answer; null if it gave none. */
public record KeyedRequest(byte @Nullable [] key, Request request) {

  /** What serve takes for a request; what it rejects is none to anybody. */
  public static KeyedRequest of(RawRecord raw) throws InvalidRecordException {
    Request request = Codecs.requests().decode(raw.value(), raw.origin());
    Requests.requireBounded(raw.key(), request);
    return new KeyedRequest(raw.key(), request);
  }

  /** The caller's key, or what takes its place: a request and what cancels it share it. */
  public ByteBuffer keyOrId() {
    if (key != null) {
      return ByteBuffer.wrap(key);
    }
    String cancels = request.cancels();
    return ByteBuffer.wrap((cancels == null ? request.id() : cancels).getBytes(UTF_8));
  }

  /** The same of a request that cancels, without what only questions need: it may wait for long. */
  public KeyedRequest withoutQuestion() {
    Request bare =
        Request.builder(request.id(), request.task(), "")
            .tenant(request.tenant())
            .domain(request.domain())
            .release(request.release())
            .eventTimeMillis(request.eventTimeMillis())
            .deadlineMillis(request.deadlineMillis())
            .cancels(request.cancels())
            .origin(request.origin())
            .build();
    return new KeyedRequest(key, bare);
  }

  /** The subtask, of so many, that all requests under one key go to. */
  public static int subtask(int hash, int subtasks) {
    return Math.floorMod(hash, subtasks);
  }
}
