package dev.millrace.job.bench;

import java.util.List;

/** One benchmark: what it compares, and how. */
public interface Benchmark {

  /** The name on the command line. */
  String name();

  /** What is compared with what, in one line. */
  String summary();

  /** Measures. Every figure in the tables comes from this run. */
  List<Table> run(Setting setting) throws Exception;
}
