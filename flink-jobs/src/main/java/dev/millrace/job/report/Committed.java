package dev.millrace.job.report;

import dev.millrace.schema.Origin;

/**
 * A record as a {@code read_committed} consumer got it.
 *
 * @param appendedMillis the broker's time of append, epoch milliseconds
 * @param seenMillis when the consumer got it: not before its transaction was committed
 */
public record Committed<T>(T value, Origin origin, long appendedMillis, long seenMillis) {}
