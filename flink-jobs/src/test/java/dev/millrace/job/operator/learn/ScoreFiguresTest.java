package dev.millrace.job.operator.learn;

import static dev.millrace.job.operator.Streams.counting;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.HashMap;
import java.util.Map;
import org.apache.flink.metrics.Counter;
import org.junit.jupiter.api.Test;

class ScoreFiguresTest {

  /** Else Prometheus sees no growth in the first of each. */
  @Test
  void paired_firstOfADomain_whatMayComeOfItIsKnownWithZero() {
    Map<String, Counter> counters = new HashMap<>();
    ScoreFigures figures = new ScoreFigures(counting(counters), () -> 0);
    figures.paired(SwappedPairs.sample(0));
    assertEquals(0, counters.get("domain=stamps outcome=accepted verdicts").getCount());
    assertEquals(0, counters.get("domain=stamps releases").getCount());
  }
}
