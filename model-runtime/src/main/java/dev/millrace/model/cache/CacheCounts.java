package dev.millrace.model.cache;

/**
 * What a cache did since it was made.
 *
 * @param l1 answers found in process
 * @param remote answers found in the remote tier
 * @param shared askers who waited for what somebody else computed
 * @param miss answers found nowhere, the bad ones included
 * @param bad remote values that were corrupted or another key's
 * @param failures calls of the remote tier that failed
 * @param up whether the remote tier is being asked at all
 */
public record CacheCounts(
    long l1, long remote, long shared, long miss, long bad, long failures, boolean up) {}
