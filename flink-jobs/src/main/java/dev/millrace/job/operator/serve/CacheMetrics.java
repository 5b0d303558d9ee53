package dev.millrace.job.operator.serve;

import dev.millrace.model.cache.AnswerCache;
import dev.millrace.model.cache.CacheCounts;
import dev.millrace.model.cache.SemanticCounts;
import dev.millrace.model.cache.SemanticTier;
import dev.millrace.model.swap.HotCounts;
import dev.millrace.model.swap.LiveReleases;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;
import org.apache.flink.metrics.MetricGroup;

/**
 * What caches did: that of answers, of which all subtasks of a process tell the same, and that of a
 * subtask's releases.
 */
final class CacheMetrics {

  private CacheMetrics() {}

  static void register(MetricGroup group, AnswerCache cache) {
    add(group, "l1", cache::counts, CacheCounts::l1);
    add(group, "redis", cache::counts, CacheCounts::remote);
    add(group, "shared", cache::counts, CacheCounts::shared);
    add(group, "miss", cache::counts, CacheCounts::miss);
    add(group, "bad", cache::counts, CacheCounts::bad);
    add(group, "redisFailures", cache::counts, CacheCounts::failures);
    add(group, "redisUp", cache::counts, counts -> counts.up() ? 1 : 0);
  }

  static void register(MetricGroup group, SemanticTier tier) {
    add(group, "lookups", tier::counts, SemanticCounts::lookups);
    add(group, "near", tier::counts, SemanticCounts::near);
    add(group, "hits", tier::counts, SemanticCounts::hits);
    add(group, "checked", tier::counts, SemanticCounts::checked);
    add(group, "wrong", tier::counts, SemanticCounts::wrong);
    add(group, "bad", tier::counts, SemanticCounts::bad);
    add(group, "failures", tier::counts, SemanticCounts::failures);
    add(group, "up", tier::counts, counts -> counts.up() ? 1 : 0);
  }

  static void register(MetricGroup group, LiveReleases releases) {
    add(group, "registered", releases::counts, HotCounts::registered);
    add(group, "loaded", releases::counts, HotCounts::loaded);
    add(group, "bytes", releases::counts, HotCounts::bytes);
    add(group, "fetching", releases::counts, HotCounts::fetching);
    add(group, "hits", releases::counts, HotCounts::hits);
    add(group, "misses", releases::counts, HotCounts::misses);
    add(group, "failures", releases::counts, HotCounts::failures);
    add(group, "evictions", releases::counts, HotCounts::evictions);
    add(group, "fetchMillis", releases::counts, HotCounts::fetchMillis);
  }

  private static <T> void add(
      MetricGroup group, String name, Supplier<T> counts, ToLongFunction<T> figure) {
    group.gauge(name, () -> figure.applyAsLong(counts.get()));
  }
}
