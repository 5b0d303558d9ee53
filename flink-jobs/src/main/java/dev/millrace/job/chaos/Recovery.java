package dev.millrace.job.chaos;

import dev.millrace.job.report.Quantiles;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * How long it took after each fault of a kind until callers had answers again.
 *
 * @param millis from each fault to the first visible answer to a request that came after it, in the
 *     faults' order; those that no answer came after are left out
 * @param p99Millis by the nearest rank: the longest, where there are fewer than a hundred
 */
public record Recovery(String fault, List<Long> millis, long p50Millis, long p99Millis) {

  static Recovery of(String fault, List<Long> millis) {
    Quantiles ranks = Quantiles.of(millis);
    return new Recovery(fault, List.copyOf(millis), ranks.p50(), ranks.p99());
  }

  /** The same in a line. */
  String text() {
    return String.format(
        Locale.ROOT,
        "recovery after %d × %s: p50 %.1f s, p99 %.1f s (%s)",
        millis.size(),
        fault,
        p50Millis / 1e3,
        p99Millis / 1e3,
        millis.stream()
            .map(each -> String.format(Locale.ROOT, "%.1f", each / 1e3))
            .collect(Collectors.joining(" ")));
  }
}
