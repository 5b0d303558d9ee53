package dev.millrace.job.operator;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.adapter.Outcome;
import dev.millrace.job.StreamRecords;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.Verdict;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.junit.jupiter.api.Test;

class LearnFiguresTest {

  @Test
  void learned_releasesOfMoreDomainsThanHaveALabel_showAsManyAgesAsThereAreLabels() {
    AtomicInteger ages = new AtomicInteger();
    LearnFigures figures = new LearnFigures(counting(ages), () -> 0, () -> 0);
    for (int i = 0; i < 2 * Figures.MOST_LABELS; i++) {
      figures.learned(released("d" + i));
      figures.learned(released("d0"));
    }
    assertEquals(Figures.MOST_LABELS, ages.get());
  }

  private static Outcome released(String domain) {
    Verdict verdict =
        new Verdict(null, domain, 1, "3f", null, true, List.of(), 8, 100, 0, List.of());
    ReleaseEvent event = StreamRecords.event(domain, ReleaseEvent.Action.PUBLISH, "3f", 1, -1);
    return new Outcome(null, verdict, event);
  }

  private static MetricGroup counting(AtomicInteger ages) {
    return new UnregisteredMetricsGroup() {
      @Override
      public MetricGroup addGroup(String name) {
        return this;
      }

      @Override
      public MetricGroup addGroup(String key, String value) {
        return this;
      }

      @Override
      public <T, G extends Gauge<T>> G gauge(String name, G gauge) {
        if (name.equals(MetricNames.RELEASE_AGE)) {
          ages.incrementAndGet();
        }
        return gauge;
      }
    };
  }
}
