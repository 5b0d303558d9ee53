package dev.millrace.job.operator;

import dev.millrace.model.cache.AnswerCache;
import dev.millrace.model.cache.CacheCounts;
import dev.millrace.model.cache.SemanticCounts;
import dev.millrace.model.cache.SemanticTier;
import java.util.function.ToLongFunction;
import org.apache.flink.metrics.MetricGroup;

/** What the cache of a process did; its subtasks all tell the same. */
final class CacheMetrics {

  private CacheMetrics() {}

  static void register(MetricGroup group, AnswerCache cache) {
    add(group, "l1", cache, CacheCounts::l1);
    add(group, "redis", cache, CacheCounts::remote);
    add(group, "shared", cache, CacheCounts::shared);
    add(group, "miss", cache, CacheCounts::miss);
    add(group, "bad", cache, CacheCounts::bad);
    add(group, "redisFailures", cache, CacheCounts::failures);
    add(group, "redisUp", cache, counts -> counts.up() ? 1 : 0);
  }

  static void register(MetricGroup group, SemanticTier tier) {
    add(group, "lookups", tier, SemanticCounts::lookups);
    add(group, "near", tier, SemanticCounts::near);
    add(group, "hits", tier, SemanticCounts::hits);
    add(group, "checked", tier, SemanticCounts::checked);
    add(group, "wrong", tier, SemanticCounts::wrong);
    add(group, "bad", tier, SemanticCounts::bad);
    add(group, "failures", tier, SemanticCounts::failures);
    add(group, "up", tier, counts -> counts.up() ? 1 : 0);
  }

  private static void add(
      MetricGroup group, String name, SemanticTier tier, ToLongFunction<SemanticCounts> figure) {
    group.gauge(name, () -> figure.applyAsLong(tier.counts()));
  }

  private static void add(
      MetricGroup group, String name, AnswerCache cache, ToLongFunction<CacheCounts> figure) {
    group.gauge(name, () -> figure.applyAsLong(cache.counts()));
  }
}
