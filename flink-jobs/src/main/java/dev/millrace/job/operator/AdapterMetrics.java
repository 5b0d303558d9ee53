package dev.millrace.job.operator;

import dev.millrace.model.swap.HotCounts;
import dev.millrace.model.swap.LiveReleases;
import java.util.function.ToLongFunction;
import org.apache.flink.metrics.MetricGroup;

/** Releases of a subtask that are in memory, and the fetching of others. */
final class AdapterMetrics {

  private AdapterMetrics() {}

  static void register(MetricGroup group, LiveReleases releases) {
    add(group, "registered", releases, HotCounts::registered);
    add(group, "loaded", releases, HotCounts::loaded);
    add(group, "bytes", releases, HotCounts::bytes);
    add(group, "fetching", releases, HotCounts::fetching);
    add(group, "hits", releases, HotCounts::hits);
    add(group, "misses", releases, HotCounts::misses);
    add(group, "failures", releases, HotCounts::failures);
    add(group, "evictions", releases, HotCounts::evictions);
    add(group, "fetchMillis", releases, HotCounts::fetchMillis);
  }

  private static void add(
      MetricGroup group, String name, LiveReleases releases, ToLongFunction<HotCounts> figure) {
    group.gauge(name, () -> figure.applyAsLong(releases.counts()));
  }
}
