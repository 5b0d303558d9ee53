package dev.millrace.job.operator.learn;

import dev.millrace.job.operator.DomainKey;
import dev.millrace.job.operator.Figures;
import dev.millrace.job.operator.gather.BatchOperator;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.Metric;
import org.apache.flink.metrics.MetricConfig;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.reporter.MetricReporter;
import org.apache.flink.metrics.reporter.MetricReporterFactory;
import org.jspecify.annotations.Nullable;

/** What the learn job of this process is at, by its metrics. */
public final class Lessons implements MetricReporterFactory, MetricReporter {

  private static final Set<String> NAMES =
      Set.of(
          BatchOperator.GATHERING, MetricNames.PENDING, MetricNames.LEARNING, MetricNames.TRAINING);
  private static final Map<Shown, Gauge<?>> GAUGES = new ConcurrentHashMap<>();

  /**
   * A gauge.
   *
   * @param domain as metrics label it
   */
  private record Shown(String domain, String name) {

    boolean isOf(String other) {
      return domain.equals(other) || domain.endsWith(DomainKey.label("", other));
    }
  }

  /**
   * What is done for a domain.
   *
   * @param gathering samples in the batch that gathers
   * @param pending batches that wait to be learned, or are being learned
   * @param learningSeconds how long one has been learned so far; 0 if none is
   * @param training whether it is trained or repaired now, rather than judged
   */
  public record Lesson(int gathering, int pending, double learningSeconds, boolean training) {}

  /** Has a cluster in this process tell. */
  public static void watchIn(Configuration cluster) {
    cluster.setString("metrics.reporter.lessons.factory.class", Lessons.class.getName());
  }

  /** What is done for a domain now; where several tenants have one of that name, the most. */
  public static Lesson of(String domain) {
    return new Lesson(
        (int) value(domain, BatchOperator.GATHERING),
        (int) value(domain, MetricNames.PENDING),
        value(domain, MetricNames.LEARNING),
        value(domain, MetricNames.TRAINING) > 0);
  }

  /** Samples in the batches that gather, of all domains. */
  public static int gathering() {
    return (int)
        GAUGES.entrySet().stream()
            .filter(gauge -> gauge.getKey().name().equals(BatchOperator.GATHERING))
            .mapToDouble(gauge -> number(gauge.getValue()))
            .sum();
  }

  private static double value(String domain, String name) {
    return GAUGES.entrySet().stream()
        .filter(gauge -> gauge.getKey().name().equals(name) && gauge.getKey().isOf(domain))
        .mapToDouble(gauge -> number(gauge.getValue()))
        .max()
        .orElse(0);
  }

  private static double number(Gauge<?> gauge) {
    return gauge.getValue() instanceof Number value ? value.doubleValue() : 0;
  }

  @Override
  public MetricReporter createMetricReporter(Properties properties) {
    return this;
  }

  @Override
  public void open(MetricConfig config) {}

  @Override
  public void close() {}

  @Override
  public void notifyOfAddedMetric(Metric metric, String name, MetricGroup group) {
    String domain = domain(group);
    if (domain != null && NAMES.contains(name) && metric instanceof Gauge<?> gauge) {
      GAUGES.put(new Shown(domain, name), gauge);
    }
  }

  @Override
  public void notifyOfRemovedMetric(Metric metric, String name, MetricGroup group) {
    String domain = domain(group);
    if (domain != null) {
      GAUGES.remove(new Shown(domain, name), metric);
    }
  }

  private static @Nullable String domain(MetricGroup group) {
    return group.getAllVariables().get("<" + Figures.DOMAIN + ">");
  }
}
