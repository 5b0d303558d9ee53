package dev.millrace.job.bench;

import java.util.List;

/** What a second subtask brings, and what grows with the stream. */
final class ScaleBenchmark implements Benchmark {

  @Override
  public List<Table> run(Setting setting) throws Exception {
    return List.of(ScaleStages.measure(setting), ScaleSizes.measure(setting));
  }
}
