package dev.millrace.job.operator.serve;

import static dev.millrace.job.operator.Streams.counting;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.job.operator.Opened;
import dev.millrace.schema.Request;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.metrics.Counter;
import org.junit.jupiter.api.Test;

class ServeFiguresTest {

  /** An alert goes by those that are left, and pages people. */
  @Test
  void answered_errors_thoseOfTheRequestAreCountedApart() throws Exception {
    Map<String, Counter> counters = new HashMap<>();
    FakeServing fake = new FakeServing(0);
    try (Opened<Serving> opened = fake.opener().open(0)) {
      ServeFigures figures = new ServeFigures(counting(counters), opened.value());
      Request request = Request.builder("r", Request.Task.GENERATE, "a prompt").build();
      figures.answered(fake.bare(request, null));
      for (String error :
          List.of("prompt-too-long: 600 tokens", "unknown-release: f00", "model-failed: NaN")) {
        figures.answered(fake.bare(request, error));
      }
    }
    assertEquals(3, counters.get(MetricNames.FAILED).getCount());
    assertEquals(2, counters.get(MetricNames.MISTAKEN).getCount());
  }
}
