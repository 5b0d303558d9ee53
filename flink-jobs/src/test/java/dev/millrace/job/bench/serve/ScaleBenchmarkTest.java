package dev.millrace.job.bench.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.bench.measure.Setting;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Small: that the jobs and the learner do what the tables say, not how fast. */
class ScaleBenchmarkTest {

  private static final Setting SETTING =
      new Setting(
          Path.of(System.getProperty("millrace.root"), "models", "nano"),
          Path.of("none"),
          1,
          1,
          false,
          List.of(),
          1,
          List.of(2.0),
          null,
          line -> {});

  @Tag("full")
  @Test
  void stages_withAndWithoutTheModel_areMeasuredWithOneSubtaskAndTwo() throws Exception {
    var rows = ScaleStages.measure(SETTING, new ScaleStages.Sizes(100, 2_000, 2, 10)).getRows();
    assertEquals(
        List.of(
            "serve, the model's cost removed", "serve", "score, the model's cost removed", "score"),
        rows.stream().map(row -> row.get("stage")).toList());
  }

  @Test
  void sizes_oneBatch_isLearnedAndKept() throws Exception {
    Map<String, Object> row = ScaleSizes.measure(SETTING, 8, List.of(2)).getRows().get(0);
    assertEquals(16, row.get("after samples"));
    assertTrue((int) row.get("batches") > 0, row.toString());
    assertTrue((double) row.get("state of learning, kB") > 1, row.toString());
    assertTrue((double) row.get("state of scoring, kB") > 1, row.toString());
  }
}
