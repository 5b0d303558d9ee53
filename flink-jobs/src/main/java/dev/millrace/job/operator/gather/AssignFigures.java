package dev.millrace.job.operator.gather;

import dev.millrace.job.operator.DomainKey;
import dev.millrace.job.operator.Figures;
import java.util.function.IntSupplier;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Counts where samples without a domain went. */
final class AssignFigures {

  private static final Logger LOG = LoggerFactory.getLogger(AssignFigures.class);

  private final Figures figures;
  private final Counter found;
  private final Counter unknown;

  AssignFigures(MetricGroup operator, IntSupplier waiting) {
    figures = new Figures(operator);
    found = figures.group().counter(MetricNames.DOMAINS_FOUND);
    unknown = figures.group().counter(MetricNames.DOMAIN_UNKNOWN);
    figures.group().gauge(MetricNames.UNLABELLED, waiting::getAsInt);
  }

  void assigned(@Nullable String tenant, String domain) {
    figures.count(MetricNames.ASSIGNED, DomainKey.label(tenant, domain), 1);
  }

  void found(String domain, int samples) {
    found.inc();
    LOG.info(
        "domain {}: {} samples without a domain agree, and are like no other", domain, samples);
  }

  void refused() {
    unknown.inc();
  }
}
