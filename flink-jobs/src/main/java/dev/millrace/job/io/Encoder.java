package dev.millrace.job.io;

import java.io.Serializable;
import org.jspecify.annotations.Nullable;

/** Turns a record into the bytes of a Kafka key or value. */
@FunctionalInterface
public interface Encoder<T> extends Serializable {

  /** The bytes; null is no key, or a tombstone. */
  byte @Nullable [] encode(T value);
}
