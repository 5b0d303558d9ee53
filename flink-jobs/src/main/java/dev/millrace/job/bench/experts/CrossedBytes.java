package dev.millrace.job.bench.experts;

import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Metric;
import org.apache.flink.metrics.MetricConfig;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.reporter.MetricReporter;
import org.apache.flink.metrics.reporter.MetricReporterFactory;

/** Counts what the task managers of this process get from each other. */
public final class CrossedBytes implements MetricReporterFactory, MetricReporter {

  private static final String METRIC = "numBytesInRemote";
  private static final String GROUP = ".Shuffle.Netty.Input.";
  private static final Map<Metric, String> TASKS = new ConcurrentHashMap<>();

  /** Has a cluster count. */
  public static void countIn(Configuration cluster) {
    cluster.setString("metrics.reporter.crossed.factory.class", CrossedBytes.class.getName());
  }

  /** What the tasks of each name got from other task managers since {@link #forget}. */
  public static Map<String, Long> byTask() {
    return TASKS.entrySet().stream()
        .collect(
            Collectors.groupingBy(
                Map.Entry::getValue,
                TreeMap::new,
                Collectors.summingLong(counted -> ((Counter) counted.getKey()).getCount())));
  }

  /** Counts from zero again. */
  public static void forget() {
    TASKS.clear();
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
    if (name.equals(METRIC) && group.getMetricIdentifier(name).contains(GROUP)) {
      TASKS.put(metric, group.getAllVariables().getOrDefault("<task_name>", ""));
    }
  }

  /** What was counted stays. */
  @Override
  public void notifyOfRemovedMetric(Metric metric, String name, MetricGroup group) {}
}
