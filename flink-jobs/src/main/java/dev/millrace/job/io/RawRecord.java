package dev.millrace.job.io;

import dev.millrace.schema.Origin;
import dev.millrace.schema.wire.Codec;
import dev.millrace.schema.wire.InvalidRecordException;
import org.jspecify.annotations.Nullable;

/**
 * A Kafka record before anybody has looked into it.
 *
 * @param origin where it was read
 * @param timestamp the record's own, epoch milliseconds
 * @param key null if it has none
 * @param value null is a tombstone
 */
public record RawRecord(
    Origin origin, long timestamp, byte @Nullable [] key, byte @Nullable [] value) {

  /** What its value says. */
  public <T> T as(Codec<T> codec) throws InvalidRecordException {
    return codec.decode(value, origin, timestamp);
  }

  /** The same; null where it cannot be decoded, which the jobs reject with its reason. */
  public <T> @Nullable T decoded(Codec<T> codec) {
    try {
      return as(codec);
    } catch (InvalidRecordException e) {
      return null;
    }
  }
}
