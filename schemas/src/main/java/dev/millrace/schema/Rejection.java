package dev.millrace.schema;

import org.jspecify.annotations.Nullable;

/**
 * A record that was refused, and why.
 *
 * @param origin where the refused record stands
 * @param id its own id, null where it could not be decoded
 * @param domain its domain, null where unknown
 * @param reason a stable code, such as {@code duplicate-near}
 * @param detail the offending value and what was expected
 * @param quality Q(x) where it was computed, else NaN
 */
public record Rejection(
    Origin origin,
    @Nullable String id,
    @Nullable String domain,
    String reason,
    String detail,
    double quality) {}
