package dev.millrace.job.chaos;

import java.util.Collection;

/**
 * A time without answers.
 *
 * @param from when the last answer before it was seen, epoch milliseconds
 */
record Gap(long from, long millis) {

  /** The longest between the first and the last time. */
  static Gap longest(Collection<Long> times) {
    Gap longest = new Gap(0, 0);
    long[] sorted = times.stream().mapToLong(Long::longValue).sorted().toArray();
    for (int i = 1; i < sorted.length; i++) {
      if (sorted[i] - sorted[i - 1] > longest.millis) {
        longest = new Gap(sorted[i - 1], sorted[i] - sorted[i - 1]);
      }
    }
    return longest;
  }
}
