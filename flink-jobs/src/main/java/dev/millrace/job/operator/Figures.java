package dev.millrace.job.operator;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.DoubleSupplier;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Histogram;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.runtime.metrics.DescriptiveStatisticsHistogram;

/**
 * The metrics of an operator's subtask. Flink forgets none before the task ends, so labels are
 * bounded: what comes beyond the bound goes under {@code other}.
 */
public final class Figures {

  /** A group with a value: it becomes a label. */
  public static final String DOMAIN = "domain";

  public static final int MOST_LABELS = 1_000;
  static final String OTHER = "other";

  /** The group of all that is counted. */
  private static final String GROUP = "millrace";

  /** Resident memory of the process that is neither Java heap nor other memory of the JVM. */
  private static final String NATIVE_BYTES = "nativeBytes";

  private static final int WINDOW = 1_000;

  private final MetricGroup group;
  private final Map<Labels, Counter> counters = new HashMap<>();
  private final Map<Labels, AtomicReference<Double>> values = new HashMap<>();

  /** A metric's name and its labels' values. */
  private record Labels(String name, String domain, String label, String value) {

    Labels other() {
      return new Labels(name, OTHER, label, OTHER);
    }

    MetricGroup in(MetricGroup group) {
      MetricGroup ofDomain = group.addGroup(DOMAIN, domain);
      return label.isEmpty() ? ofDomain : ofDomain.addGroup(label, value);
    }
  }

  public Figures(MetricGroup operator) {
    group = operator.addGroup(GROUP);
  }

  /** Where what has no labels is registered. */
  public MetricGroup group() {
    return group;
  }

  /** Shows what the process holds outside the Java virtual machine's own memory. */
  public void showNativeMemory() {
    group.gauge(NATIVE_BYTES, NativeMemory::bytes);
  }

  /** A histogram of the last thousand values. */
  public Histogram histogram(String name) {
    return group.histogram(name, new DescriptiveStatisticsHistogram(WINDOW));
  }

  /** Counts so many more for a domain; none makes the metric known. */
  public void count(String name, String domain, int more) {
    count(new Labels(name, domain, "", ""), more);
  }

  /** Counts one more for a domain and the value of another label. */
  public void count(String name, String domain, String label, String value) {
    count(name, domain, label, value, 1);
  }

  /** Counts so many more for a domain and the value of another label. */
  public void count(String name, String domain, String label, String value, int more) {
    count(new Labels(name, domain, label, value), more);
  }

  private void count(Labels wanted, int more) {
    boolean fits = counters.size() < MOST_LABELS || counters.containsKey(wanted);
    counters
        .computeIfAbsent(fits ? wanted : wanted.other(), l -> l.in(group).counter(l.name))
        .inc(more);
  }

  /** Sets what a domain's gauge shows until it is set again. */
  public void set(String name, String domain, double value) {
    Labels wanted = new Labels(name, domain, "", "");
    if (values.size() < MOST_LABELS || values.containsKey(wanted)) {
      values.computeIfAbsent(wanted, this::gauge).set(value);
    }
  }

  /** Shows a domain's figure, as it is whenever somebody looks. */
  public void gauge(String name, String domain, DoubleSupplier value) {
    new Labels(name, domain, "", "").in(group).gauge(name, value::getAsDouble);
  }

  private AtomicReference<Double> gauge(Labels labels) {
    AtomicReference<Double> value = new AtomicReference<>(0.0);
    labels.in(group).gauge(labels.name, value::get);
    return value;
  }
}
