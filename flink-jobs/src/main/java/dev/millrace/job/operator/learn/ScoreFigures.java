package dev.millrace.job.operator.learn;

import dev.millrace.job.operator.DomainKey;
import dev.millrace.job.operator.Figures;
import dev.millrace.model.score.Reason;
import dev.millrace.schema.Rejection;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.Sample;
import dev.millrace.schema.Verdict;
import java.util.HashSet;
import java.util.Set;
import java.util.function.IntSupplier;
import org.apache.flink.metrics.MetricGroup;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Counts what became of samples, and says once what people should look at. */
final class ScoreFigures {

  private static final Logger LOG = LoggerFactory.getLogger(ScoreFigures.class);

  /** Sources that were named already: more would only fill the log. */
  private static final int MOST_NAMED = 1_000;

  private final Figures figures;
  private final Set<String> throttled = new HashSet<>();

  /**
   * @param held domains that wait for the store
   */
  ScoreFigures(MetricGroup operator, IntSupplier held) {
    figures = new Figures(operator);
    figures.showNativeMemory();
    figures.group().gauge(MetricNames.HELD, held::getAsInt);
  }

  void accepted(Sample sample) {
    figures.count(MetricNames.ACCEPTED, domain(sample), 1);
    figures.count(MetricNames.DRIFTS, domain(sample), 0);
  }

  void refused(Sample sample, Rejection rejection) {
    figures.count(MetricNames.REFUSED, domain(sample), MetricNames.REASON, rejection.reason());
    if (rejection.reason().equals(Reason.SOURCE_THROTTLED.code())
        && throttled.size() < MOST_NAMED
        && throttled.add(domain(sample) + "\0" + sample.source())) {
      LOG.warn(
          "domain {}: throttled: {}", DomainKey.shown(DomainKey.of(sample)), rejection.detail());
    }
  }

  void drifted(Sample sample) {
    figures.count(MetricNames.DRIFTS, domain(sample), 1);
    LOG.warn("domain {}: its texts are no longer distributed as they were", domain(sample));
  }

  /**
   * A picture or a sound came, to be learned with its caption. What may come of it is known with 0,
   * as of texts.
   */
  void paired(Sample sample) {
    figures.count(
        MetricNames.VERDICTS, domain(sample), MetricNames.OUTCOME, LearnFigures.ACCEPTED, 0);
    figures.count(MetricNames.RELEASES, domain(sample), 0);
  }

  /**
   * A candidate of where pictures and sounds meet their captions was judged, or an order obeyed.
   */
  void aligned(Verdict verdict) {
    String outcome = LearnFigures.outcomeOf(verdict);
    String domain = DomainKey.label(verdict.tenant(), verdict.domain());
    figures.count(MetricNames.VERDICTS, domain, MetricNames.OUTCOME, outcome);
  }

  /** An alignment was published. */
  void published(ReleaseEvent event) {
    figures.count(MetricNames.RELEASES, DomainKey.label(event.tenant(), event.domain()), 1);
  }

  private static String domain(Sample sample) {
    return DomainKey.label(sample.tenant(), sample.domain());
  }
}
