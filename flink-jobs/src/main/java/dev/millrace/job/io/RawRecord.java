package dev.millrace.job.io;

import dev.millrace.schema.Origin;
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
    Origin origin, long timestamp, byte @Nullable [] key, byte @Nullable [] value) {}
