package dev.millrace.job.bench.serve;

import dev.millrace.job.bench.measure.Benchmark;
import dev.millrace.job.bench.measure.Setting;
import dev.millrace.job.bench.measure.Table;
import java.util.List;

/** What a second subtask brings, and what grows with the stream. */
public final class ScaleBenchmark implements Benchmark {

  @Override
  public List<Table> run(Setting setting) throws Exception {
    return List.of(ScaleStages.measure(setting), ScaleSizes.measure(setting));
  }
}
