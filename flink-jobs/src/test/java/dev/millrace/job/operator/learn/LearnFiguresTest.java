package dev.millrace.job.operator.learn;

import static dev.millrace.job.operator.Streams.counting;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.millrace.adapter.Outcome;
import dev.millrace.adapter.train.Governor;
import dev.millrace.job.StreamRecords;
import dev.millrace.job.operator.Figures;
import dev.millrace.model.base.Foreground;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.Verdict;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class LearnFiguresTest {

  @Test
  void learned_releasesOfMoreDomainsThanHaveALabel_showAsManyAgesAsThereAreLabels() {
    Map<String, Gauge<?>> gauges = new HashMap<>();
    LearnFigures figures = new LearnFigures(keeping(gauges), () -> 0, () -> 0, () -> 0);
    for (int i = 0; i < 2 * Figures.MOST_LABELS; i++) {
      figures.learned(released("d" + i));
      figures.learned(released("d0"));
    }
    assertEquals(
        Figures.MOST_LABELS,
        gauges.keySet().stream().filter(name -> name.endsWith(MetricNames.RELEASE_AGE)).count());
  }

  @Test
  void learning_oneDomainWhileAnotherWaits_showsWhoIsLearnedSinceWhen() {
    Map<String, Gauge<?>> gauges = new HashMap<>();
    AtomicLong clock = new AtomicLong(10_000);
    LearnFigures figures = new LearnFigures(keeping(gauges), () -> 0, () -> 0, clock::get);
    figures.came("cloud");
    figures.came("legal");
    figures.learning("cloud");
    clock.addAndGet(12_500);
    assertEquals(12.5, gauges.get("cloud learningSeconds").getValue());
    assertEquals(0.0, gauges.get("cloud training").getValue());
    Governor governor = figures.shown(() -> true).yieldingTo(new Foreground(), 1);
    governor.training(true);
    assertEquals(1.0, gauges.get("cloud training").getValue());
    governor.training(false);
    assertEquals(0.0, gauges.get("cloud training").getValue());
    figures.rests();
    figures.left("cloud");
    figures.learning("legal");
    clock.addAndGet(500);
    assertEquals(0.0, gauges.get("cloud pending").getValue());
    assertEquals(0.0, gauges.get("cloud learningSeconds").getValue());
    assertEquals(1.0, gauges.get("legal pending").getValue());
    assertEquals(0.5, gauges.get("legal learningSeconds").getValue());
    figures.rests();
    assertEquals(0.0, gauges.get("legal learningSeconds").getValue());
  }

  @Test
  void learned_domainsOfTwoTenantsByOneName_showTheirOwn() {
    Map<String, Gauge<?>> gauges = new HashMap<>();
    AtomicLong clock = new AtomicLong(10_000);
    LearnFigures figures = new LearnFigures(keeping(gauges), () -> 0, () -> 0, clock::get);
    figures.learned(released("acme", "legal"));
    clock.addAndGet(5_000);
    figures.learned(released(null, "legal"));
    assertEquals(5.0, gauges.get("acme:legal releaseAgeSeconds").getValue());
    assertEquals(0.0, gauges.get("legal releaseAgeSeconds").getValue());
  }

  /** Else Prometheus sees no growth in the first of each. */
  @Test
  void came_firstBatchOfADomain_whatMayComeOfItIsKnownWithZero() {
    Map<String, Counter> counters = new HashMap<>();
    LearnFigures figures = new LearnFigures(counting(counters), () -> 0, () -> 0, () -> 0);
    figures.came("legal");
    assertEquals(0, counters.get("domain=legal outcome=accepted verdicts").getCount());
    assertEquals(0, counters.get("domain=legal releases").getCount());
    figures.learned(released("legal"));
    assertEquals(1, counters.get("domain=legal outcome=accepted verdicts").getCount());
    assertEquals(1, counters.get("domain=legal releases").getCount());
  }

  @Test
  void learned_releaseThatIsTakenBack_isNone() {
    Map<String, Counter> counters = new HashMap<>();
    LearnFigures figures = new LearnFigures(counting(counters), () -> 0, () -> 0, () -> 0);
    figures.learned(released("legal"));
    ReleaseEvent back = StreamRecords.event("legal", ReleaseEvent.Action.ROLLBACK, "2e", 0, -1);
    figures.learned(new Outcome(null, released("legal").verdict(), back));
    assertEquals(1, counters.get("domain=legal releases").getCount());
  }

  /** Keeps the gauges by domain and name; each may be registered once. */
  private static MetricGroup keeping(Map<String, Gauge<?>> gauges) {
    return new UnregisteredMetricsGroup() {
      @Override
      public MetricGroup addGroup(String name) {
        return this;
      }

      @Override
      public MetricGroup addGroup(String key, String domain) {
        return new UnregisteredMetricsGroup() {
          @Override
          public <T, G extends Gauge<T>> G gauge(String name, G gauge) {
            assertNull(gauges.put(domain + " " + name, gauge), name);
            return gauge;
          }
        };
      }
    };
  }

  private static Outcome released(String domain) {
    return released(null, domain);
  }

  private static Outcome released(@Nullable String tenant, String domain) {
    Verdict verdict =
        new Verdict(tenant, domain, 1, "3f", null, true, List.of(), 8, 100, 0, List.of());
    ReleaseEvent event = StreamRecords.event(domain, ReleaseEvent.Action.PUBLISH, "3f", 1, -1);
    return new Outcome(null, verdict, event);
  }
}
