package dev.millrace.job.chaos;

/**
 * One fault of a schedule.
 *
 * @param fault its name
 * @param atMillis from the beginning of the run
 * @param lastingMillis how long until it is healed
 * @param seed of what the fault leaves open
 */
record Strike(String fault, long atMillis, long lastingMillis, long seed) {}
