package dev.millrace.schema.wire;

import dev.millrace.schema.Origin;
import org.jspecify.annotations.Nullable;

/** Bytes ⇄ records of one topic; any thread may use it. */
public interface Codec<T> {

  /** The record as Avro's single-object encoding. */
  byte[] encode(T value);

  /**
   * Reads one record, and nothing beside it.
   *
   * @param bytes the Kafka value; null is refused like any other value that is not a record
   * @param origin where the value was read; it becomes the record's origin where it has one
   * @throws InvalidRecordException if the bytes are not exactly one valid record
   */
  T decode(byte @Nullable [] bytes, Origin origin) throws InvalidRecordException;

  /**
   * The same where it is known when the value was appended: a time in it that nobody can have known
   * by then is refused too.
   *
   * @param appendedMillis epoch milliseconds
   */
  default T decode(byte @Nullable [] bytes, Origin origin, long appendedMillis)
      throws InvalidRecordException {
    return decode(bytes, origin);
  }
}
