package dev.millrace.job.bench.measure;

import java.util.List;

/** One benchmark: how something is compared. */
public interface Benchmark {

  /** Measures. Every figure in the tables comes from this run. */
  List<Table> run(Setting setting) throws Exception;
}
