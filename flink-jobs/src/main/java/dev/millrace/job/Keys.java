package dev.millrace.job;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.job.operator.KeyedAnswer;
import dev.millrace.schema.Chunk;
import dev.millrace.schema.Rejection;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.Verdict;

/** The key of each record that a job writes. */
final class Keys {
  private Keys() {}

  /** What was refused, by the topic it was read from. */
  static byte[] of(Rejection rejection) {
    return rejection.origin().topic().getBytes(UTF_8);
  }

  static byte[] of(Verdict verdict) {
    return verdict.domain().getBytes(UTF_8);
  }

  /**
   * Compaction's unit: what trainers write of a line of releases, and apart from that what people
   * order. What a trainer wrote before it read an order stands behind that, and would be all that
   * is left.
   */
  static byte[] of(ReleaseEvent event) {
    return (event.line().key() + (event.isOrder() ? "|ORDER" : "")).getBytes(UTF_8);
  }

  /** The request's id: the chunks of an answer keep their order. */
  static byte[] of(Chunk chunk) {
    return chunk.request().getBytes(UTF_8);
  }

  /** The caller's key; the request's id where the caller gave none. */
  static byte[] of(KeyedAnswer answer) {
    byte[] key = answer.key();
    return key != null ? key : answer.answer().request().getBytes(UTF_8);
  }
}
