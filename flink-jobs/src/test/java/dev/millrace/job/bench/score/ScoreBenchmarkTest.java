package dev.millrace.job.bench.score;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.model.score.StageTimes.Cost;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ScoreBenchmarkTest {

  @Test
  void whole_fewerTextsComeToALaterStage_isWhatATextPaysThatPassesAll() {
    Map<String, Cost> costs = Map.of("first", new Cost(600, 6_000), "model", new Cost(300, 30_000));
    assertEquals(110, ScoreBenchmark.whole(costs));
  }
}
