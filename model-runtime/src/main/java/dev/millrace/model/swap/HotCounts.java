package dev.millrace.model.swap;

/**
 * Releases in memory and the fetching of others, since this process began to serve.
 *
 * @param registered aliases that a release answers for
 * @param loaded releases in native memory, those included that only requests hold
 * @param bytes of those that may stay, rounded up to KiB each
 * @param fetching releases that are being fetched because somebody asked
 * @param hits requests whose release was in memory
 * @param misses requests whose release was not
 * @param failures fetches that failed
 * @param evictions releases that gave way to others
 * @param fetchMillis of all fetches together
 */
public record HotCounts(
    int registered,
    int loaded,
    long bytes,
    int fetching,
    long hits,
    long misses,
    long failures,
    long evictions,
    long fetchMillis) {}
