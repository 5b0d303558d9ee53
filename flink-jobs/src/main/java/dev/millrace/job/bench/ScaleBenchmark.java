package dev.millrace.job.bench;

import java.util.List;

/** What a second subtask brings, and what grows with the stream. */
final class ScaleBenchmark implements Benchmark {

  @Override
  public String name() {
    return "scale";
  }

  @Override
  public String summary() {
    return "each stage with one subtask and with two, with the model and without its cost; sizes of"
        + " state, releases and cache as a stream grows 10 and 100 times";
  }

  @Override
  public List<Table> run(Setting setting) throws Exception {
    return List.of(ScaleStages.measure(setting), ScaleSizes.measure(setting));
  }
}
