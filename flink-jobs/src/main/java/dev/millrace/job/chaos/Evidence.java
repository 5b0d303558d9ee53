package dev.millrace.job.chaos;

import dev.millrace.job.releases.StoredReleases;
import dev.millrace.job.report.Recording;
import dev.millrace.model.score.HeldOut;
import dev.millrace.schema.Origin;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * What is left of a run.
 *
 * @param recording all that can be read on the topics
 * @param stored the releases in the store
 * @param heldOut which documents never teach
 * @param poisoned where records stand that nobody can decode
 * @param seen when each answer became visible, epoch milliseconds
 * @param repeated whether learning went back to an older checkpoint: what it had said since, it
 *     says again, word for word
 */
record Evidence(
    Recording recording,
    StoredReleases stored,
    HeldOut heldOut,
    Set<Origin> poisoned,
    Map<Origin, Long> seen,
    boolean repeated) {

  /** The longest time between two answers. */
  long longestGapMillis() {
    long[] times = seen.values().stream().mapToLong(Long::longValue).sorted().toArray();
    return IntStream.range(1, times.length).mapToLong(i -> times[i] - times[i - 1]).max().orElse(0);
  }
}
