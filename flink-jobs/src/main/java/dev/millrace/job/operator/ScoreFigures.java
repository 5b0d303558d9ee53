package dev.millrace.job.operator;

import dev.millrace.model.score.Reason;
import dev.millrace.schema.Rejection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Counts what became of samples, and says once what people should look at. */
final class ScoreFigures {

  private static final Logger LOG = LoggerFactory.getLogger(ScoreFigures.class);

  /** Sources that were named already: more would only fill the log. */
  private static final int MOST_NAMED = 1_000;

  private final MetricGroup group;
  private final Counter accepted;
  private final Counter drifts;
  private final Map<String, Counter> refused = new HashMap<>();
  private final Set<String> throttled = new HashSet<>();

  ScoreFigures(MetricGroup group) {
    this.group = group;
    this.accepted = group.counter(MetricNames.ACCEPTED);
    this.drifts = group.counter(MetricNames.DRIFTS);
  }

  void accepted() {
    accepted.inc();
  }

  void refused(Rejection rejection, String source) {
    refused
        .computeIfAbsent(
            rejection.reason(), reason -> group.addGroup(MetricNames.REFUSED).counter(reason))
        .inc();
    if (rejection.reason().equals(Reason.SOURCE_THROTTLED.code())
        && throttled.size() < MOST_NAMED
        && throttled.add(rejection.domain() + "\0" + source)) {
      LOG.warn("domain {}: throttled: {}", rejection.domain(), rejection.detail());
    }
  }

  void drifted(String domain) {
    drifts.inc();
    LOG.warn("domain {}: its texts are no longer distributed as they were", domain);
  }
}
