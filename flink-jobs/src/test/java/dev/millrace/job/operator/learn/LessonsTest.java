package dev.millrace.job.operator.learn;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.job.operator.gather.BatchOperator;
import dev.millrace.job.operator.learn.Lessons.Lesson;
import java.util.Map;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.junit.jupiter.api.Test;

class LessonsTest {

  private static final String DOMAIN = "only-here";

  private final Lessons lessons = new Lessons();

  /**
   * As after a failure of the job, whose new task may be there before the old one's end is told.
   */
  @Test
  void of_taskOfBeforeEndsLast_showsTheNewOne() {
    Gauge<Double> before = () -> 12.0;
    Gauge<Double> now = () -> 3.0;
    lessons.notifyOfAddedMetric(before, MetricNames.LEARNING, domain());
    assertEquals(new Lesson(0, 0, 12, false), Lessons.of(DOMAIN));
    lessons.notifyOfAddedMetric(now, MetricNames.LEARNING, domain());
    lessons.notifyOfRemovedMetric(before, MetricNames.LEARNING, domain());
    assertEquals(new Lesson(0, 0, 3, false), Lessons.of(DOMAIN));
    lessons.notifyOfRemovedMetric(now, MetricNames.LEARNING, domain());
    assertEquals(new Lesson(0, 0, 0, false), Lessons.of(DOMAIN));
  }

  @Test
  void of_pendingBatchesOfAllDomains_areOfNone() {
    Gauge<Integer> all = () -> 7;
    lessons.notifyOfAddedMetric(all, MetricNames.PENDING, new UnregisteredMetricsGroup());
    assertEquals(new Lesson(0, 0, 0, false), Lessons.of(DOMAIN));
  }

  @Test
  void of_domainOfATenant_isShownByItsName() {
    Gauge<Integer> gathers = () -> 5;
    lessons.notifyOfAddedMetric(gathers, BatchOperator.GATHERING, domain("acme:" + DOMAIN));
    assertEquals(new Lesson(5, 0, 0, false), Lessons.of(DOMAIN));
    assertEquals(new Lesson(0, 0, 0, false), Lessons.of("here"));
    lessons.notifyOfRemovedMetric(gathers, BatchOperator.GATHERING, domain("acme:" + DOMAIN));
    assertEquals(new Lesson(0, 0, 0, false), Lessons.of(DOMAIN));
  }

  @Test
  void gathering_batchesOfSeveralDomains_areAddedUp() {
    Gauge<Integer> five = () -> 5;
    Gauge<Integer> two = () -> 2;
    lessons.notifyOfAddedMetric(five, BatchOperator.GATHERING, domain());
    lessons.notifyOfAddedMetric(two, BatchOperator.GATHERING, domain("acme:" + DOMAIN));
    lessons.notifyOfAddedMetric(five, MetricNames.PENDING, domain());
    assertEquals(7, Lessons.gathering());
    lessons.notifyOfRemovedMetric(five, BatchOperator.GATHERING, domain());
    lessons.notifyOfRemovedMetric(two, BatchOperator.GATHERING, domain("acme:" + DOMAIN));
    lessons.notifyOfRemovedMetric(five, MetricNames.PENDING, domain());
    assertEquals(0, Lessons.gathering());
  }

  private static MetricGroup domain() {
    return domain(DOMAIN);
  }

  private static MetricGroup domain(String label) {
    return new UnregisteredMetricsGroup() {
      @Override
      public Map<String, String> getAllVariables() {
        return Map.of("<domain>", label);
      }
    };
  }
}
